"""The keys that a PaddleOCR 3.7.0 configuration may have, and what kind of value each takes.

Upstream reads unknown keys in silence, so a slip of the pen trains something else than was meant.
Source: every key that tools/*.py and ppocr/** of release 3.7.0 look up. A component whose name has
no table here is taken as it is: its keys are not judged.

A kind is ``bool``, ``int``, ``count`` (an int from 1), ``float``, ``str``, ``list``, ``mapping`` or
``any``; ``|`` stands between alternatives, and ``?`` at the end also allows null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ppocr_kit.configs.components import COMPONENTS, Kinds
from ppocr_kit.configs.decoders import DECODERS

SECTIONS: Kinds = {
    "Global": "mapping",
    "Optimizer": "mapping",
    "Architecture": "mapping",
    "Loss": "mapping",
    "PostProcess": "mapping",
    "Metric": "mapping",
    "Train": "mapping",
    "Eval": "mapping",
}
# Sections and top-level keys that only some configurations have.
OTHER_SECTIONS: Kinds = {
    "Test": "mapping",
    "wandb": "mapping",
    "profiler_options": "str?",
    "EvalReader": "any",
}

GLOBAL: Kinds = {
    # device
    "use_gpu": "bool", "use_xpu": "bool", "use_npu": "bool", "use_mlu": "bool", "use_gcu": "bool",
    "use_metax_gpu": "bool", "use_iluvatar_gpu": "bool", "distributed": "bool",
    "find_unused_parameters": "bool", "use_sync_bn": "bool",
    # mixed precision, averaged weights
    "use_amp": "bool", "amp_level": "str", "amp_dtype": "str", "amp_custom_black_list": "list",
    "amp_custom_white_list": "list", "scale_loss": "float", "use_dynamic_loss_scaling": "bool",
    "use_ema": "bool", "ema_decay": "float", "ema_gamma": "float", "ema_decay_type": "str",
    "ema_filter_no_grad": "bool",
    # length, evaluation, logging
    "epoch_num": "count", "seed": "int", "eval_batch_step": "count|list", "eval_batch_epoch": "count?",
    "print_batch_step": "count", "log_smooth_window": "count", "log_ranks": "str",
    "cal_metric_during_train": "bool", "calc_epoch_interval": "count", "print_mem_info": "bool",
    "use_visualdl": "bool", "use_wandb": "bool", "debug": "bool",
    # weights and results
    "pretrained_model": "str?", "checkpoints": "str?", "save_model_dir": "str", "save_epoch_step": "count",
    "save_inference_dir": "str?", "save_res_path": "str?", "save_visual": "str?", "model_name": "str?",
    "uniform_output_enabled": "bool", "export_with_pir": "bool", "to_static": "bool",
    "d2s_train_image_shape": "list",
    # text
    "character_dict_path": "str?", "rec_char_dict_path": "str?", "use_space_char": "bool",
    "max_text_length": "count", "max_seq_len": "int", "max_text_nums": "int", "tcl_len": "int",
    # prediction and key information
    "infer_img": "str?", "infer_list": "str?", "infer_mode": "bool", "infer_visual_type": "str",
    "class_path": "str?", "kie_rec_model_dir": "str?", "kie_det_model_dir": "str?",
    "label_list": "list", "valid_set": "str", "amp": "any", "box_type": "str",
    "use_tensorrt": "bool", "precision": "str",
}  # fmt: skip

# Keys of older configurations that release 3.7.0 no longer looks at.
OBSOLETE_GLOBAL: Mapping[str, str] = {
    "character_type": "the dictionary alone decides",
    "distort": "see the transforms",
    "rm_symbol": "SARLabelDecode alone reads it",
    "box_format": "the metric and the transforms read their own",
    "num_heads": "SRN's transform alone reads it",
    "training_step": "the optimizer and the head read their own",
    "allow_resize_largeImg": "nothing reads it",
    "start_ema": "see Global.use_ema",
    "img_scale": "KieResize alone reads it",
    "max_new_tokens": "the head reads its own",
    "input_size": "the transforms read their own",
    "load_static_weights": "weights of 1.x can no longer be loaded",
    "loss_type": "see Loss.name",
    "reader_yml": "see Train and Eval",
    "train_batch_size_per_card": "see Train.loader.batch_size_per_card",
    "test_batch_size_per_card": "see Eval.loader.batch_size_per_card",
    "image_shape": "see the transforms",
    "pretrain_weights": "see Global.pretrained_model",
    "algorithm": "see Architecture.algorithm",
}

# The same for the settings of components and transforms.
OBSOLETE_ELSEWHERE: Mapping[str, str] = {
    "character_type": "the dictionary alone decides",
    "use_tia": "see tia_prob",
    "num_sections": "nothing reads it",
}

DATASET: Kinds = {
    "name": "str", "data_dir": "str", "label_file_list": "str|list",
    "ratio_list": "float|list", "transforms": "list",
    "delimiter": "str", "ext_op_transform_idx": "int", "ds_width": "bool", "data_lines": "any",
    "label_file_path": "any", "data": "any", "min_dimensions": "list", "max_dimensions": "list",
    "batch_size_per_pair": "int", "keep_smaller_batches": "bool", "label_dict_path": "str",
    "data_format": "str",
}  # fmt: skip
LOADER: Kinds = {
    "shuffle": "bool", "drop_last": "bool", "batch_size_per_card": "count", "num_workers": "int",
    "use_shared_memory": "bool", "collate_fn": "str",
}  # fmt: skip
SAMPLER: Kinds = {
    "name": "str", "scales": "list", "first_bs": "int", "fix_bs": "bool", "divided_factor": "list",
    "is_training": "bool", "ratio_wh": "float", "max_w": "float", "seed": "int?",
}  # fmt: skip
ARCHITECTURE: Kinds = {
    "name": "str", "model_type": "str", "algorithm": "str", "in_channels": "int", "Transform": "mapping?",
    "Backbone": "mapping?", "Neck": "mapping?", "Head": "mapping", "Models": "mapping",
    "return_all_feats": "bool",
}  # fmt: skip

# What a value of each kind is; bool is no int here, and an int passes for a float.
_TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "list": (list,),
    "mapping": (dict,),
}

_WORDS: Mapping[str, str] = {
    "bool": "true or false",
    "int": "a whole number",
    "count": "a whole number from 1",
    "float": "a number",
    "str": "text",
    "list": "a list",
    "mapping": "a mapping",
    "any": "anything",
}


def component_kinds(role: str, settings: Mapping[str, Any]) -> Kinds | None:
    """Return the keys of a component by its name, or None when it has no table here.

    Args:
        role: The key it stands under: ``Backbone``, ``Loss``, ``lr`` …
        settings: The component, with its ``name``.
    """
    name = settings.get("name", "Const" if role == "lr" else None)
    if not isinstance(name, str):
        return None
    kinds = COMPONENTS.get((role, name))
    if kinds is None and role == "PostProcess" and name in DECODERS:
        kinds = dict.fromkeys(DECODERS[name], "any")
    return None if kinds is None else {"name": "str", **kinds}


def fits_kind(value: Any, kind: str) -> bool:
    """Say whether a value is of a kind; numbers must be finite."""
    if value is None:
        return kind.endswith("?") or kind == "any"
    return any(_fits_one(value, plain) for plain in kind.rstrip("?").split("|"))


def describe_kind(kind: str) -> str:
    """Put a kind into words: ``a whole number from 1 or a list``."""
    return " or ".join(_WORDS[plain] for plain in kind.rstrip("?").split("|"))


def _fits_one(value: Any, kind: str) -> bool:
    if kind == "any":
        return True
    if isinstance(value, bool):
        return kind == "bool"
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if kind == "count":
        return isinstance(value, int) and value >= 1
    return isinstance(value, _TYPES[kind])


def kind_of(value: Any) -> str:
    """Return the kind of a value that has no entry in the tables."""
    if value is None:
        return "any"
    for kind in ("bool", "int", "float", "str", "list", "mapping"):
        if isinstance(value, _TYPES[kind]):
            return kind
    return "any"
