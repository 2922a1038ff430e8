"""Networks, losses, metrics and optimizers by name: what the kit supplies, and the keys that each takes.

A component that has no table here is taken as it is: its keys are not judged. Where upstream reads a key
that the kit's own network does not have, it is known here all the same; building the network says so.
A test holds the tables to what the supplement builds.

Source: the constructors of ``ppocr/{modeling,losses,metrics,optimizer}`` at 3.7.0, and the supplement.
"""

from __future__ import annotations

from collections.abc import Mapping

Kinds = Mapping[str, str]

_BACKBONES = (
    "MobileNetV3",
    "PPHGNet_base",
    "PPHGNet_small",
    "PPHGNet_tiny",
    "PPHGNetV2_B4",
    "PPLCNetV3",
    "PPLCNetV4",
)
# What the kit supplies in place of the packages that the published archive lacks, by the key it stands under.
SUPPLIED: Mapping[str, tuple[str, ...]] = {
    "model_type": ("det", "kie", "rec"),
    "Transform": ("STN_ON",),
    "det Backbone": (*_BACKBONES, "ResNet_vd"),
    "kie Backbone": ("LayoutXLMForRe", "LayoutXLMForSer"),
    "rec Backbone": (*_BACKBONES, "MobileNetV1Enhance", "ResNet", "SVTRNet"),
    "Neck": ("DBFPN", "LKPAN", "RSEFPN", "RepLKFPN", "RepLKPAN", "SequenceEncoder"),
    "encoder": ("cascadernn", "fc", "lightsvtr", "reshape", "rnn", "svtr"),
    "Head": ("CTCHead", "DBHead", "MultiHead", "PFHeadLocal", "SARHead", "Transformer"),
    "Loss": (
        "CTCLoss", "DBLoss", "LossFromOutput", "MultiLoss", "NRTRLoss", "SARLoss", "VQASerTokenLayoutLMLoss",
    ),
    "Metric": ("DetMetric", "RecMetric", "VQAReTokenMetric", "VQASerTokenMetric"),
    "Optimizer": ("Adadelta", "Adam", "AdamW", "Momentum", "RMSProp"),
    "lr": (
        "Const", "Cosine", "CyclicalCosine", "DecayLearningRate", "Linear", "MultiStepDecay", "OneCycle",
        "Piecewise", "Step", "TwoStepCosine",
    ),
}  # fmt: skip

_ADAM: Kinds = {
    "beta1": "float", "beta2": "float", "epsilon": "float", "weight_decay": "any", "grad_clip": "any",
    "clip_norm": "float", "clip_norm_global": "float", "name": "str", "lr": "mapping",
    "regularizer": "mapping?",
}  # fmt: skip
# training sets the last two itself, whatever they say
_SCHEDULE: Kinds = {
    "name": "str", "learning_rate": "float", "warmup_epoch": "float", "last_epoch": "int",
    "epochs": "int", "step_each_epoch": "int",
}  # fmt: skip
_PENALTY: Kinds = {"name": "str", "factor": "float"}

_HGNET: Kinds = {
    "in_channels": "int", "det": "bool", "out_indices": "list?", "use_last_conv": "bool",
    "class_expand": "int", "class_num": "int", "dropout_prob": "float", "use_ssld": "bool",
    "pretrained": "any", "lr_mult_list": "list",
}  # fmt: skip
_PYRAMID: Kinds = {
    "in_channels": "any", "out_channels": "int", "intracl": "bool", "shortcut": "bool", "mode": "str",
}  # fmt: skip
_MAPS_HEAD: Kinds = {
    "in_channels": "int", "k": "int", "kernel_list": "list", "fix_nan": "bool", "lite_head": "bool",
}  # fmt: skip
_ATTENDING: Kinds = {
    "dims": "int", "depth": "int", "use_guide": "bool", "num_heads": "int", "qkv_bias": "bool",
    "mlp_ratio": "float", "drop_rate": "float", "attn_drop_rate": "float", "drop_path": "float",
    "qk_scale": "float?",
}  # fmt: skip
_ENCODERS: Kinds = {
    **_ATTENDING, "hidden_dims": "int", "hidden_size": "int", "kernel_size": "list", "local_kernel": "int",
    "out_channels": "any", "with_linear": "bool", "num_layers": "int", "in_channels": "int",
}  # fmt: skip
_SAR: Kinds = {
    "enc_dim": "int", "max_text_length": "int", "enc_bi_rnn": "bool", "enc_drop_rnn": "float",
    "enc_gru": "bool", "dec_bi_rnn": "bool", "dec_drop_rnn": "float", "dec_gru": "bool", "d_k": "int",
    "pred_dropout": "float", "pred_concat": "bool", "in_channels": "int", "out_channels": "int",
}  # fmt: skip

# (what the component is, its name) -> its keys besides `name`
COMPONENTS: Mapping[tuple[str, str], Kinds] = {
    ("Optimizer", "Adam"): {**_ADAM, "parameter_list": "any", "group_lr": "bool", "training_step": "str"},
    ("Optimizer", "AdamW"): {
        **_ADAM, "multi_precision": "bool", "no_weight_decay_name": "str?",
        "one_dim_param_no_weight_decay": "bool",
    },
    ("Optimizer", "Momentum"): {
        "momentum": "float", "weight_decay": "any", "grad_clip": "any", "clip_norm": "float",
        "clip_norm_global": "float", "lr": "mapping", "regularizer": "mapping?",
    },
    ("lr", "Const"): {**_SCHEDULE},
    ("lr", "Linear"): {**_SCHEDULE, "end_lr": "float", "power": "float"},
    ("lr", "Cosine"): {**_SCHEDULE, "end_lr": "float", "eta_min": "float"},
    ("lr", "Piecewise"): {**_SCHEDULE, "decay_epochs": "list", "values": "list", "learning_rate": "float"},
    ("regularizer", "L1"): _PENALTY,
    ("regularizer", "L2"): _PENALTY,
    ("Transform", "STN_ON"): {
        "in_channels": "int", "tps_inputsize": "list", "tps_outputsize": "list", "num_control_points": "int",
        "tps_margins": "list", "stn_activation": "str?",
    },
    ("Backbone", "MobileNetV3"): {
        "scale": "float", "model_name": "str", "disable_se": "bool", "in_channels": "int",
        "small_stride": "list", "large_stride": "list", "last_pool_type": "str",
        "last_pool_kernel_size": "list",
    },
    ("Backbone", "MobileNetV1Enhance"): {
        "in_channels": "int", "scale": "float", "last_conv_stride": "any", "last_pool_type": "str",
        "last_pool_kernel_size": "list",
    },
    ("Backbone", "PPLCNetV3"): {
        "in_channels": "int", "scale": "float", "conv_kxk_num": "int", "lr_mult_list": "list",
        "lab_lr": "float", "det": "bool",
    },
    ("Backbone", "PPLCNetV4"): {
        "in_channels": "int", "det": "bool", "model_size": "str", "lr_mult_list": "list",
    },
    ("Backbone", "PPHGNet_tiny"): _HGNET,
    ("Backbone", "PPHGNet_small"): _HGNET,
    ("Backbone", "PPHGNet_base"): _HGNET,
    ("Backbone", "PPHGNetV2_B4"): {**_HGNET, "text_rec": "bool"},
    ("Backbone", "ResNet_vd"): {
        "in_channels": "int", "layers": "int", "dcn_stage": "list?", "out_indices": "list?",
        "disable_se": "bool", "pretrained_model": "str?",
    },
    ("Backbone", "ResNet"): {
        "in_channels": "int", "layers": "int", "dcn_stage": "list?", "out_indices": "list?",
    },
    ("Backbone", "SVTRNet"): {
        "in_channels": "int", "img_size": "list", "embed_dim": "list", "depth": "list", "num_heads": "list",
        "mixer": "list", "local_mixer": "list", "patch_merging": "str?", "mlp_ratio": "float",
        "qkv_bias": "bool", "qk_scale": "float?", "drop_rate": "float", "last_drop": "float",
        "attn_drop_rate": "float", "drop_path_rate": "float", "norm_layer": "str", "sub_norm": "str",
        "epsilon": "float", "out_channels": "int", "out_char_num": "int", "block_unit": "str", "act": "str",
        "last_stage": "bool", "sub_num": "int", "prenorm": "bool", "use_lenhead": "bool",
    },
    ("Backbone", "LayoutXLMForSer"): {
        "num_classes": "int", "pretrained": "bool", "checkpoints": "str?", "mode": "str",
        "in_channels": "int",
    },
    ("Backbone", "LayoutXLMForRe"): {
        "pretrained": "bool", "checkpoints": "str?", "mode": "str", "in_channels": "int",
    },
    ("Neck", "DBFPN"): {"out_channels": "int", "use_asf": "bool", "in_channels": "any"},
    ("Neck", "LKPAN"): _PYRAMID,
    ("Neck", "RSEFPN"): _PYRAMID,
    ("Neck", "RepLKPAN"): _PYRAMID,
    ("Neck", "RepLKFPN"): {**_PYRAMID, "dilated_kernel_size": "int"},
    ("Neck", "SequenceEncoder"): {"encoder_type": "str", **_ENCODERS},
    ("encoder", "rnn"): _ENCODERS,
    ("encoder", "fc"): _ENCODERS,
    ("encoder", "cascadernn"): _ENCODERS,
    ("encoder", "reshape"): _ENCODERS,
    ("encoder", "svtr"): {**_ATTENDING, "hidden_dims": "int", "kernel_size": "list"},
    ("encoder", "lightsvtr"): {**_ATTENDING, "local_kernel": "int"},
    ("Head", "DBHead"): {**_MAPS_HEAD, "aux_in_channels": "int?"},
    ("Head", "PFHeadLocal"): {**_MAPS_HEAD, "mode": "str"},
    ("Head", "CTCHead"): {
        "fc_decay": "float", "mid_channels": "int?", "return_feats": "bool", "out_channels": "int",
        "in_channels": "int", "use_guide": "bool",
    },
    ("Head", "MultiHead"): {
        "head_list": "list", "use_pool": "bool", "use_pos": "bool", "in_channels": "int",
        "out_channels_list": "mapping",
    },
    ("Head", "NRTRHead"): {"nrtr_dim": "int", "max_text_length": "int", "num_decoder_layers": "int"},
    ("Head", "SARHead"): _SAR,
    ("Head", "Transformer"): {
        "in_channels": "int", "out_channels": "int", "d_model": "int", "nhead": "int",
        "num_encoder_layers": "int", "beam_size": "int", "num_decoder_layers": "int", "max_len": "int",
        "dim_feedforward": "int", "attention_dropout_rate": "float", "residual_dropout_rate": "float",
        "scale_embedding": "bool",
    },
    ("Loss", "DBLoss"): {
        "balance_loss": "bool", "main_loss_type": "str", "alpha": "float", "beta": "float",
        "ohem_ratio": "float", "eps": "float", "focal_alpha": "float", "focal_gamma": "float",
        "dice_weight": "float", "focal_weight": "float", "aux_weight_p4": "float", "aux_weight_p3": "float",
        "aux_weight_p2": "float",
    },
    ("Loss", "CTCLoss"): {"use_focal_loss": "bool"},
    ("Loss", "MultiLoss"): {
        "loss_config_list": "list", "weight_1": "float", "weight_2": "float", "gtc_loss": "str",
    },
    ("Loss", "NRTRLoss"): {"smoothing": "bool", "ignore_index": "int"},
    ("Loss", "SARLoss"): {"ignore_index": "int"},
    ("Loss", "VQASerTokenLayoutLMLoss"): {"num_classes": "int", "key": "str?"},
    ("Loss", "LossFromOutput"): {"key": "str", "reduction": "str"},
    ("PostProcess", "DBPostProcess"): {
        "thresh": "float", "box_thresh": "float", "max_candidates": "int", "unclip_ratio": "float",
        "use_dilation": "bool", "score_mode": "str", "box_type": "str",
    },
    ("Metric", "DetMetric"): {"main_indicator": "str"},
    ("Metric", "RecMetric"): {"main_indicator": "str", "is_filter": "bool", "ignore_space": "bool"},
    ("Metric", "VQASerTokenMetric"): {"main_indicator": "str"},
    ("Metric", "VQAReTokenMetric"): {"main_indicator": "str"},
}  # fmt: skip
