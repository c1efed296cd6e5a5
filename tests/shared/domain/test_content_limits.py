"""A content fits, is said in words, or is refused with the limit it breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.graph_messages import refusal
from local.simulators.templates import Templates
from shared.adapters.whatsapp.limits import CONTENTS
from shared.adapters.whatsapp.outgoing import written
from shared.domain.content import (
    ButtonAction,
    Choices,
    Content,
    FileContent,
    FileKind,
    Location,
    Menu,
    MessageTemplate,
    Option,
    Reaction,
    Section,
    TemplateButton,
    TextContent,
)
from shared.domain.content_limits import ContentLimits, fit, fit_file
from shared.domain.media import MediaFile
from shared.errors import InvalidContent

PLAIN = ContentLimits()
YES = Option(id="y", title="Yes")
NO = Option(id="n", title="No")
ROWS = tuple(Option(id=str(number), title=f"Row {number}") for number in range(11))
PHOTO = FileContent(file_kind=FileKind.IMAGE, key="media/x")
MENU = Menu(text="Which?", button="Open", sections=(Section(options=ROWS[:10]),))


def _menu(*options: Option, title: str = "") -> Menu:
    return Menu(text="Which?", button="Open", sections=(Section(title=title, options=options),))


@pytest.mark.parametrize(
    "content",
    [
        TextContent(text="a" * 9000),
        Choices(text="?", options=(YES, NO)),
        MENU,
        PHOTO,
        Location(latitude=1, longitude=2),
        Reaction(message_id="wamid.1", emoji="👍"),
        MessageTemplate(name="hello", header="Today"),
    ],
)
def test_what_the_channel_can_show_stays_as_it_is(content: Content) -> None:
    assert fit(content, CONTENTS, text_limit=4096) == content


@pytest.mark.parametrize(
    ("content", "limit"),
    [
        (Choices(text="?", options=(*ROWS[:4],)), "at most 3 options"),
        (Choices(text="?", options=(replace(YES, title="x" * 21),)), "at most 20 characters"),
        (Choices(text="x" * 1025, options=(YES,)), "at most 1024 characters"),
        (Choices(text="?", options=(YES,), header="x" * 61), "at most 60 characters"),
        (Choices(text="?", options=(YES,), footer="x" * 61), "at most 60 characters"),
        (Choices(text="?", options=(replace(YES, id="x" * 257),)), "at most 256 characters"),
        (Choices(text="?", options=(replace(YES, description="More"),)), "allows none"),
        (Choices(text="?", options=(YES, replace(NO, title="Yes"))), "same title"),
        (Choices(text="?", options=(YES, replace(NO, id="y"))), "id of its own"),
        (_menu(*ROWS), "at most 10 options"),
        (_menu(replace(YES, title="x" * 25)), "at most 24 characters"),
        (_menu(replace(YES, description="x" * 73)), "at most 72 characters"),
        (_menu(YES, title="x" * 25), "at most 24 characters"),
        (replace(MENU, button="x" * 21), "at most 20 characters"),
        (replace(MENU, sections=(Section(options=(YES,)), Section(options=(NO,)))), "each needs a title"),
        (replace(PHOTO, caption="x" * 1025), "at most 1024 characters"),
        (replace(PHOTO, mime_type="image/gif"), "image/jpeg, image/png"),
        (FileContent(file_kind=FileKind.AUDIO, key="media/x", caption="Listen"), "allows none"),
        (MessageTemplate(name="t", header_file=replace(PHOTO, mime_type="image/gif")), "image/jpeg, image/png"),
    ],
)
def test_what_breaks_a_limit_is_refused_by_its_name(content: Content, limit: str) -> None:
    with pytest.raises(InvalidContent, match=limit):
        fit(content, CONTENTS, text_limit=4096)


def test_choices_become_numbered_words_on_a_channel_without_buttons() -> None:
    content = Choices(text="Shall we?", options=(YES, replace(NO, description="another day")), footer="Lotus")

    said = fit(content, PLAIN, text_limit=1600)

    assert said == TextContent(text="Shall we?\n\n1. Yes\n2. No: another day\n\nLotus")


def test_a_menu_becomes_words_that_are_numbered_through_all_sections() -> None:
    menu = Menu(
        text="Which?", button="Open", sections=(Section(title="A", options=(YES,)), Section(title="B", options=(NO,)))
    )

    assert fit(menu, PLAIN, text_limit=1600) == TextContent(text="Which?\n\nA\n1. Yes\nB\n2. No")


def test_choices_that_would_be_torn_apart_as_words_are_refused() -> None:
    with pytest.raises(InvalidContent, match="at most 1600 characters"):
        fit(Choices(text="x" * 1600, options=(YES,)), PLAIN, text_limit=1600)


def test_a_place_becomes_a_link_to_a_map() -> None:
    said = fit(Location(latitude=12.97, longitude=77.59, name="Lotus"), PLAIN, text_limit=1600)

    assert said == TextContent(text="Lotus\nhttps://maps.google.com/?q=12.97,77.59")


@pytest.mark.parametrize("content", [PHOTO, Reaction(message_id="wamid.1", emoji="👍"), MessageTemplate(name="hello")])
def test_what_cannot_be_said_in_words_is_refused(content: Content) -> None:
    with pytest.raises(InvalidContent):
        fit(content, PLAIN, text_limit=1600)


def test_a_templates_parts_are_refused_where_all_values_are_variables() -> None:
    button = TemplateButton(index=0, action=ButtonAction.URL, value="x")

    with pytest.raises(InvalidContent, match="variables"):
        fit(MessageTemplate(name="HX1", buttons=(button,)), ContentLimits(templates=True), text_limit=1600)


def test_a_file_brings_its_type_and_its_name() -> None:
    file = MediaFile(content=b"png", mime_type="image/png; charset=binary", filename="way.png")

    assert fit_file(PHOTO, file, CONTENTS) == replace(PHOTO, mime_type=file.mime_type, filename="way.png")


@pytest.mark.parametrize("size", [5 * 1024 * 1024, 5 * 1024 * 1024 + 1])
def test_a_file_may_be_as_large_as_the_channel_takes(size: int) -> None:
    file = MediaFile(content=bytes(size), mime_type="image/png")

    if size <= 5 * 1024 * 1024:
        fit_file(PHOTO, file, CONTENTS)
        return
    with pytest.raises(InvalidContent, match="5242880"):
        fit_file(PHOTO, file, CONTENTS)


_LINES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=80)
_OPTIONS = st.lists(st.builds(Option, id=_LINES, title=_LINES, description=_LINES), max_size=12).map(tuple)
_SECTIONS = st.lists(st.builds(Section, title=_LINES, options=_OPTIONS), min_size=1, max_size=3).map(tuple)


@given(
    st.one_of(
        st.builds(Choices, text=_LINES.filter(bool), options=_OPTIONS, header=_LINES, footer=_LINES),
        st.builds(Menu, text=_LINES.filter(bool), button=_LINES, sections=_SECTIONS, header=_LINES, footer=_LINES),
    )
)
def test_whatever_fits_is_taken_by_the_provider(content: Choices | Menu) -> None:
    """The limits are as strict as Meta's: nothing that passes here fails there, but for empty fields."""
    names = [option.id and option.title for option in content.options]
    if not names or not all(names) or (isinstance(content, Menu) and not content.button):
        return  # The API refuses them by their shape.
    try:
        fitting = fit(content, CONTENTS, text_limit=4096)
    except InvalidContent:
        return

    message = {"messaging_product": "whatsapp", "to": "919812345678", **written(fitting)}
    assert refusal(message, Templates()) is None
