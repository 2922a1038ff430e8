"""A user's own YAML with everything that it names: lists, pictures and dictionary, made without the kit."""

from __future__ import annotations

from pathlib import Path

OWN_REC = """\
# handed on from colleague to colleague since 2.4
Global:
  use_gpu: true
  use_xpu: false
  epoch_num: 1
  log_smooth_window: 20
  print_batch_step: 1
  save_model_dir: ./output/rec_own
  save_epoch_step: 3
  eval_batch_step: [0, 2000]
  cal_metric_during_train: true
  pretrained_model:
  checkpoints:
  save_inference_dir:
  use_visualdl: false
  infer_img: doc/word_1.png
  character_dict_path: lists/digits.txt
  max_text_length: 25
  infer_mode: false
  use_space_char: false
  save_res_path: ./output/rec/predicts.txt
Optimizer:
  name: Adam
  beta1: 0.9
  beta2: 0.999
  lr: {name: Cosine, learning_rate: 0.001, warmup_epoch: 0}
  regularizer: {name: L2, factor: 1.0e-05}
Architecture:
  model_type: rec
  algorithm: CRNN
  Transform:
  Backbone: {name: MobileNetV3, scale: 0.35, model_name: small, small_stride: [1, 2, 2, 2]}
  Neck: {name: SequenceEncoder, encoder_type: rnn, hidden_size: 24}
  Head: {name: CTCHead, fc_decay: 0.00001}
Loss:
  name: CTCLoss
PostProcess:
  name: CTCLabelDecode
Metric:
  name: RecMetric
  main_indicator: acc
Train:
  dataset:
    name: SimpleDataSet
    data_dir: ./pictures
    label_file_list: ["./lists/train.txt"]
    transforms:
      - DecodeImage: {img_mode: BGR, channel_first: false}
      - RecAug:
      - CTCLabelEncode:
      - RecResizeImg: {image_shape: [3, 32, 96]}
      - KeepKeys: {keep_keys: [image, label, length]}
  loader: {shuffle: true, batch_size_per_card: 4, drop_last: true, num_workers: 0, use_shared_memory: false}
Eval:
  dataset:
    name: SimpleDataSet
    data_dir: ./pictures
    label_file_list: lists/val.txt
    transforms:
      - DecodeImage: {img_mode: BGR, channel_first: false}
      - CTCLabelEncode:
      - RecResizeImg: {image_shape: [3, 32, 96]}
      - KeepKeys: {keep_keys: [image, label, length]}
  loader: {shuffle: false, drop_last: false, batch_size_per_card: 4, num_workers: 0, use_shared_memory: false}
"""


def write_own_files(folder: Path, text: str = OWN_REC) -> Path:
    """Write the YAML, twelve pictures of two digits to train and four to validate; return the YAML."""
    import cv2
    import numpy as np

    for name in ("pictures", "lists"):
        (folder / name).mkdir()
    (folder / "lists" / "digits.txt").write_text("".join(f"{digit}\n" for digit in range(10)), "utf-8")
    for mode, first, last in (("train", 10, 22), ("val", 40, 44)):
        for number in range(first, last):
            picture = np.full((32, 96, 3), 255, np.uint8)
            cv2.putText(picture, str(number), (8, 26), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
            (folder / "pictures" / f"{number}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        rows = "".join(f"{number}.png\t{number}\n" for number in range(first, last))
        (folder / "lists" / f"{mode}.txt").write_text(rows, encoding="utf-8")
    file = folder / "own_rec.yml"
    file.write_text(text, encoding="utf-8")
    return file
