"""Scripts that run inside the paddle lane, started through ``vendor/launch.py``.

They may import paddle and the release; the rest of the kit never imports them.
"""
