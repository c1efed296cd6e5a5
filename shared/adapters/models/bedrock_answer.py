"""What a model on Bedrock answers: the events of ConverseStream as pieces.

Source: Amazon Bedrock API reference, "ConverseStreamOutput", "ContentBlockStart", "ContentBlockDelta", "TokenUsage".
"""

from __future__ import annotations

from typing import Any

from shared.adapters.models.attempts import PassingModelFailure
from shared.adapters.models.thoughts import ThoughtFilter
from shared.adapters.models.tool_form import CallFragments
from shared.domain.prompt import ModelPiece, Prompt, TextPiece, TokenUsage


class ConverseAnswer:
    """What the model has answered so far; turns events into pieces. Text goes on at once, calls when it stops."""

    def __init__(self, prompt: Prompt, *, model_id: str) -> None:
        self._model_id = model_id
        self._calls = CallFragments(prompt)
        self._thoughts = ThoughtFilter()
        self._is_stopped = False
        self.has_begun = False
        self.is_complete = False

    # The events are dictionaries of boto3, which has no types for them.
    def take(self, event: dict[str, Any] | None) -> list[ModelPiece]:
        """The pieces that an event brings; None is the end of the stream.

        The calls come when the model stops, the token usage with the metadata that follows.

        Raises:
            PassingModelFailure: the stream ended too early, or without an answer.
            ModelUnavailable: a hand-over that cannot be read.
        """
        if event is None:
            if not self._is_stopped:
                raise PassingModelFailure("the model's answer broke off")
            self.is_complete = True
            return []
        if "contentBlockStart" in event:
            self._begin_call(event["contentBlockStart"])
        if "contentBlockDelta" in event:
            return self._text_or_arguments(event["contentBlockDelta"])
        if "messageStop" in event:
            return self._stop()
        if "metadata" in event:
            return self._usage(event["metadata"].get("usage") or {})
        return []

    def _begin_call(self, block: dict[str, Any]) -> None:
        tool = block["start"].get("toolUse")
        if tool is not None:
            self._calls.begin(block["contentBlockIndex"], call_id=tool["toolUseId"], name=tool["name"])

    def _text_or_arguments(self, block: dict[str, Any]) -> list[ModelPiece]:
        delta = block["delta"]
        if "toolUse" in delta:
            self._calls.add(block["contentBlockIndex"], delta["toolUse"].get("input") or "")
        # Reasoning is for the model alone, whether it comes as such or among the words.
        return self._said(self._thoughts.feed(delta.get("text") or ""))

    def _said(self, words: str) -> list[ModelPiece]:
        if not words:
            return []
        self.has_begun = True
        return [TextPiece(text=words)]

    def _stop(self) -> list[ModelPiece]:
        self._is_stopped = True
        pieces = [*self._said(self._thoughts.finish()), *self._calls.pieces()]
        if not pieces and not self.has_begun:
            raise PassingModelFailure("the model's answer is empty")
        return pieces

    def _usage(self, usage: dict[str, Any]) -> list[ModelPiece]:
        if not usage:
            return []
        # Unlike elsewhere, what was read from the provider's cache or written to it is not part of the input's count.
        cached = usage.get("cacheReadInputTokens") or 0
        read = usage["inputTokens"] + cached + (usage.get("cacheWriteInputTokens") or 0)
        return [
            TokenUsage(
                input_tokens=read,
                output_tokens=usage["outputTokens"],
                cached_input_tokens=cached,
                model=self._model_id,
            )
        ]
