"""Chat templates of PaddleOCR-VL: which version one belongs to, and what it makes of a question.

Version 1.0 lets the answer begin after ``Assistant: ``, 1.5 and 1.6 after ``Assistant:`` and a line end; an
answer ends with ``</s>``. A model that is asked in the other way answers worse without a word.
Source: paddlex/inference/genai/chat_templates @3.7.2 (behaviour; the texts below are the kit's own).
"""

from __future__ import annotations

from typing import Any

from ppocr_kit.errors import DataError

# Versions that PaddleOCR-VL was published in, and what its answers begin after.
CUES: dict[str, str] = {"1.0": "Assistant: ", "1.5": "Assistant:\n", "1.6": "Assistant:\n"}

_TEMPLATE = """\
{%- set question_only = add_generation_prompt | default(true) -%}
{{- cls_token | default("<|begin_of_sentence|>") -}}
{%- for turn in messages -%}
  {%- set words = turn["content"] | selectattr("type", "equalto", "text") | map(attribute="text") | join -%}
  {%- if turn["role"] == "user" -%}
    {{- "User: " -}}
    {%- for part in turn["content"] if part["type"] == "image" -%}
      {{- "<|IMAGE_START|><|IMAGE_PLACEHOLDER|><|IMAGE_END|>" -}}
    {%- endfor -%}
    {{- words ~ "\\n" -}}
  {%- elif turn["role"] == "assistant" -%}
    {{- CUE ~ words ~ (eos_token | default("</s>")) -}}
  {%- elif turn["role"] == "system" -%}
    {{- words ~ "\\n" -}}
  {%- endif -%}
{%- endfor -%}
{%- if question_only -%}
  {{- CUE -}}
{%- endif -%}
"""


def _with_cue(cue: str) -> str:
    return _TEMPLATE.replace("CUE", '"' + cue.replace("\n", "\\n") + '"')


TEMPLATES: dict[str, str] = {version: _with_cue(cue) for version, cue in CUES.items()}


def question(prompt: str) -> list[dict[str, Any]]:
    """Return the chat that asks a prompt about one picture."""
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}]


def render_question(processor: Any, prompt: str) -> str:
    """Return what the model reads before it answers, with one placeholder for the picture."""
    return str(processor.apply_chat_template(question(prompt), tokenize=False, add_generation_prompt=True))


def versions_of(processor: Any) -> tuple[str, ...]:
    """Return the versions that a processor's chat template belongs to; none for a strange one."""
    asked = render_question(processor, "OCR:")
    return tuple(version for version, cue in CUES.items() if asked.endswith(f"\n{cue}"))


def require_end(processor: Any) -> int:
    """Return the token that ends an answer, after a look at whether the template ends answers with it.

    Raises:
        DataError: The template lets answers end with something else, or with nothing.
    """
    end = str(processor.tokenizer.eos_token)
    answer = {"role": "assistant", "content": [{"type": "text", "text": "A"}]}
    told = str(
        processor.apply_chat_template(
            [*question("OCR:"), answer], tokenize=False, add_generation_prompt=False
        )
    )
    if not told.rstrip("\n").endswith(f"A{end}"):
        raise DataError(
            f"the chat template does not end an answer with {end}, so that a model would learn never to stop",
            at="chat_template.jinja",
            hint="copy chat_template.jinja from the folder of the base model",
        )
    return int(processor.tokenizer.eos_token_id)
