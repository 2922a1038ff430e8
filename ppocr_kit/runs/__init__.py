"""Running the release: train, evaluate, export and predict, each into a run folder."""
