"""Prompts as chat messages."""

from dataclasses import replace

import pytest

from shared.adapters.models.chat_form import chat_messages, system_text
from shared.adapters.models.tool_form import TOOL_RULE
from shared.domain.conversation import Speaker
from tests.fakes.prompts import SEARCH, a_step, make_prompt, turn
from tests.prompt_attacks import ATTACKS


def roles_and_texts(*turns, question="When?"):
    return [(message.role, message.text) for message in chat_messages(make_prompt(question, turns=turns))]


def test_question_alone_is_one_message_of_the_user():
    assert roles_and_texts() == [("user", "When?")]


def test_turns_of_agent_and_human_both_speak_for_the_business():
    messages = roles_and_texts(
        turn(Speaker.USER, "Hi"), turn(Speaker.AGENT, "Hello."), turn(Speaker.HUMAN, "Meera here.")
    )

    assert messages == [("user", "Hi"), ("assistant", "Hello.\nMeera here."), ("user", "When?")]


def test_greeting_of_the_agent_is_kept_behind_an_opening_of_the_user():
    first, second, *_ = roles_and_texts(turn(Speaker.AGENT, "Welcome."))

    assert (first[0], second) == ("user", ("assistant", "Welcome."))


def test_messages_of_one_side_in_a_row_become_one():
    assert roles_and_texts(turn(Speaker.USER, "Hi")) == [("user", "Hi\nWhen?")]


def test_blank_turns_are_left_out():
    assert roles_and_texts(turn(Speaker.USER, "Hi"), turn(Speaker.AGENT, "  "), question="When?") == [
        ("user", "Hi\nWhen?")
    ]


def test_the_model_knows_which_words_of_its_answer_were_not_heard():
    cut = replace(turn(Speaker.AGENT, "We are open on Monday"), interrupted=True)

    messages = roles_and_texts(turn(Speaker.USER, "Hours?"), cut, question="And on Sunday?")

    assert messages[1] == ("assistant", "We are open on Monday")
    assert messages[2] == ("user", "(I cut you off there and did not hear the rest.)\nAnd on Sunday?")


def test_notes_are_part_of_the_system_text():
    prompt = make_prompt(turns=(turn(Speaker.SYSTEM, "Wants an invoice."), turn(Speaker.USER, "Hi")))

    assert system_text(prompt).endswith("<notes>\n- Wants an invoice.\n</notes>")
    assert all("invoice" not in message.text for message in chat_messages(prompt))


def test_system_text_without_notes_is_the_prompts_own():
    assert system_text(make_prompt()) == "Be kind."


def test_the_rule_about_answers_of_tools_stands_where_there_are_tools():
    assert system_text(make_prompt(tools=(SEARCH,))) == f"Be kind.\n{TOOL_RULE}"
    assert system_text(make_prompt(steps=(a_step(),))) == f"Be kind.\n{TOOL_RULE}"


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_known_attack_ends_the_block_of_notes(attack: str) -> None:
    asked = make_prompt(turns=(turn(Speaker.SYSTEM, attack),))

    text = system_text(asked)

    assert text.count("</notes>") == text.count("<notes>") == 1
    assert text.endswith("</notes>")
