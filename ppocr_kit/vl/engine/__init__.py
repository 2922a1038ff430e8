"""What runs in the vl lane and imports torch and transformers; started by the modules above it."""
