"""The decoders that ``PostProcess`` may name, with the settings each one takes.

Source: the classes that ``ppocr/postprocess/__init__.py`` of release 3.7.0 builds, with the parameters of
their constructors and the keys these look up in their keyword arguments. A test reads the release again
and compares. What a decoder takes from ``Global`` is listed too: the release merges that section in.
"""

from __future__ import annotations

# The text None is what upstream writes where a model has no decoder.
NO_DECODER = "None"

DECODERS: dict[str, tuple[str, ...]] = {
    "ABINetLabelDecode": ("character_dict_path", "use_space_char"),
    "AttnLabelDecode": ("character_dict_path", "use_space_char"),
    "CANLabelDecode": ("character_dict_path", "use_space_char"),
    "CPPDLabelDecode": ("character_dict_path", "use_space_char"),
    "CTCLabelDecode": ("character_dict_path", "use_space_char"),
    "CTPostProcess": ("min_score", "min_area", "box_type"),
    "ClsPostProcess": ("label_list", "key"),
    "DBPostProcess": (
        "thresh", "box_thresh", "max_candidates", "unclip_ratio", "use_dilation", "score_mode",
        "box_type",
    ),
    "DRRGPostprocess": ("link_thr",),
    "DistillationCTCLabelDecode": (
        "character_dict_path", "use_space_char", "model_name", "key", "multi_head",
    ),
    "DistillationDBPostProcess": (
        "model_name", "key", "thresh", "box_thresh", "max_candidates", "unclip_ratio", "use_dilation",
        "score_mode", "box_type",
    ),
    "DistillationRePostProcess": ("model_name", "key"),
    "DistillationSARLabelDecode": (
        "character_dict_path", "use_space_char", "model_name", "key", "multi_head", "rm_symbol",
    ),
    "DistillationSerPostProcess": ("class_path", "model_name", "key"),
    "EASTPostProcess": ("score_thresh", "cover_thresh", "nms_thresh"),
    "FCEPostProcess": (
        "scales", "fourier_degree", "num_reconstr_points", "decoding_type", "score_thr", "nms_thr",
        "alpha", "beta", "box_type",
    ),
    "LaTeXOCRDecode": ("rec_char_dict_path",),
    "NRTRLabelDecode": ("character_dict_path", "use_space_char"),
    "PGPostProcess": ("character_dict_path", "valid_set", "score_thresh", "mode", "point_gather_mode"),
    "PRENLabelDecode": ("character_dict_path", "use_space_char"),
    "PSEPostProcess": ("thresh", "box_thresh", "min_area", "box_type", "scale"),
    "ParseQLabelDecode": ("character_dict_path", "use_space_char", "max_text_length"),
    "PicoDetPostProcess": (
        "layout_dict_path", "strides", "score_threshold", "nms_threshold", "nms_top_k", "keep_top_k",
    ),
    "RFLLabelDecode": ("character_dict_path", "use_space_char"),
    "SARLabelDecode": ("character_dict_path", "use_space_char", "rm_symbol"),
    "SASTPostProcess": (
        "score_thresh", "nms_thresh", "sample_pts_num", "shrink_ratio_of_width", "expand_scale",
        "tcl_map_thresh",
    ),
    "SATRNLabelDecode": ("character_dict_path", "use_space_char", "rm_symbol"),
    "SEEDLabelDecode": ("character_dict_path", "use_space_char"),
    "SPINLabelDecode": ("character_dict_path", "use_space_char"),
    "SRNLabelDecode": ("character_dict_path", "use_space_char", "max_text_length"),
    "TableLabelDecode": ("character_dict_path", "merge_no_span_structure", "use_space_char"),
    "TableMasterLabelDecode": (
        "character_dict_path", "box_shape", "merge_no_span_structure", "use_space_char",
    ),
    "UniMERNetDecode": ("rec_char_dict_path", "is_infer"),
    "VLLabelDecode": ("character_dict_path", "use_space_char", "max_text_length"),
    "VQAReTokenLayoutLMPostProcess": (),
    "VQASerTokenLayoutLMPostProcess": ("class_path",),
    "ViTSTRLabelDecode": ("character_dict_path", "use_space_char"),
}  # fmt: skip
