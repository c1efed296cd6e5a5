"""What a model behind chat completions answers: the events of the stream as pieces.

Source: OpenAI API reference, "The chat completion chunk object". Servers that copy it leave out an index, an id or the
end marker, or number all calls 0; each is understood.
"""

from __future__ import annotations

import json
from typing import Any

from shared.adapters.models.attempts import PassingModelFailure
from shared.adapters.models.thoughts import ThoughtFilter
from shared.adapters.models.tool_form import CallFragments
from shared.domain.prompt import ModelPiece, Prompt, TextPiece, TokenUsage

END = "[DONE]"


class CompletionAnswer:
    """What the model has answered so far; turns the data of events into pieces. Text goes on at once, calls at the end.

    The events hold what their server wrote: nothing about their types is certain.
    """

    def __init__(self, prompt: Prompt, *, model: str) -> None:
        self._model = model
        self._calls = CallFragments(prompt)
        self._thoughts = ThoughtFilter()
        self._place = 0
        self._usage: TokenUsage | None = None
        self._is_finished = False
        self.has_begun = False
        self.is_complete = False

    def take(self, data: str) -> list[ModelPiece]:
        """The pieces that an event brings; calls and the token usage come at the end.

        Raises:
            PassingModelFailure: an error, an unknown form, an end too early or without an answer.
            ModelUnavailable: a hand-over that cannot be read.
        """
        if data == END:
            return self._end()
        try:
            return self._read(json.loads(data))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise PassingModelFailure("the model's answer has an unknown form") from error

    def _read(self, event: Any) -> list[ModelPiece]:
        if event.get("error"):
            raise PassingModelFailure("the model reports an error")
        self._note_usage(event.get("usage"))
        pieces: list[ModelPiece] = []
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            for call in delta.get("tool_calls") or ():
                self._note_call(call)
            self._is_finished = self._is_finished or bool(choice.get("finish_reason"))
            pieces += self._said(self._thoughts.feed(str(delta.get("content") or "")))
        return pieces

    def _said(self, words: str) -> list[ModelPiece]:
        if not words:
            return []
        self.has_begun = True
        return [TextPiece(text=words)]

    def _note_call(self, call: Any) -> None:
        function = call.get("function") or {}
        call_id, name = str(call.get("id") or ""), str(function.get("name") or "")
        # Without an index a fragment belongs to the call before it.
        place = self._place if call.get("index") is None else int(call["index"])
        begun = self._calls.id_at(place)
        if begun is None or (call_id and name and call_id != begun):
            # Where a second call comes at the place of the first, the first is whole.
            self._calls.begin(place, call_id=call_id, name=name)
        self._place = place
        arguments = function.get("arguments") or ""
        self._calls.add(place, arguments if isinstance(arguments, str) else json.dumps(arguments))

    def _note_usage(self, usage: Any) -> None:
        if usage:
            details = usage.get("prompt_tokens_details") or {}
            self._usage = TokenUsage(
                input_tokens=int(usage.get("prompt_tokens") or 0),
                output_tokens=int(usage.get("completion_tokens") or 0),
                cached_input_tokens=int(details.get("cached_tokens") or 0),
                model=self._model,
            )

    def _end(self) -> list[ModelPiece]:
        if not self._is_finished:
            raise PassingModelFailure("the model's answer broke off")
        pieces = [*self._said(self._thoughts.finish()), *self._calls.pieces()]
        if not pieces and not self.has_begun:
            raise PassingModelFailure("the model's answer is empty")
        if self._usage is not None:
            pieces.append(self._usage)
        self.is_complete = True
        return pieces
