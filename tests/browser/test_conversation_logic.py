"""What the pages Live and History work out without touching the page; asked of their modules in the browser itself."""

from __future__ import annotations

import json
from typing import Any

import pytest_asyncio
from playwright.async_api import Page

from tests.browser.console import Console

_EVENTS: list[dict[str, Any]] = [
    {
        "id": f"{1000 + place}-0",
        "type": kind,
        "at": f"2026-03-01T10:00:{place:02d}Z",
        "conversation_id": conversation,
        "channel": "voice" if conversation == "call" else "whatsapp",
        "user_id": "919800000001",
        "data": data,
    }
    for place, (conversation, kind, data) in enumerate(
        [
            ("call", "call.started", {"call_sid": "CA1", "direction": "inbound", "agent_id": "reception"}),
            ("call", "call.turn", {"call_sid": "CA1", "speaker": "agent", "text": "Hello.", "agent_id": "reception"}),
            ("chat", "message.received", {"message_id": "m1", "speaker": "user", "text": "Hi"}),
            ("call", "call.partial", {"call_sid": "CA1", "text": "When"}),
            ("call", "call.partial", {"call_sid": "CA1", "text": "When are you"}),
            ("chat", "message.sent", {"message_id": "m2", "agent_id": "billing", "text": "Hello", "status": "sent"}),
            ("call", "call.turn", {"call_sid": "CA1", "speaker": "user", "text": "When are you open?"}),
            ("chat", "message.status", {"message_id": "m2", "status": "delivered"}),
            ("chat", "message.status", {"message_id": "m2", "status": "read"}),
            ("call", "agent.changed", {"from": "reception", "to": "billing"}),
            ("chat", "takeover.changed", {"status": "human", "wanted": True}),
            ("chat", "message.received", {"message_id": "m3", "speaker": "user", "text": "Anybody?"}),
            ("call", "call.ended", {"call_sid": "CA1", "reason": "caller_hung_up"}),
            ("chat", "consent.changed", {"opted_out": True}),
            ("chat", "takeover.changed", {"status": "open"}),
        ]
    )
]
_SHUFFLED = """
  const random = (seed) => () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32);
  const shuffled = (events, seed) => {
    const next = random(seed);
    const repeated = events.flatMap((event) => (next() < 0.3 ? [event, event] : [event]));
    return repeated.map((event) => [next(), event]).sort(([one], [other]) => one - other).map(([, event]) => event);
  };
"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(console: Console) -> Page:
    """Any page of the console: its modules can be imported there."""
    await console.page.goto(console.url)
    return console.page


async def ask(page: Page, script: str, value: object = None) -> Any:
    """What a function body answers; `at` imports a module of the console, `value` is what is given."""
    body = f"async (value) => {{ const at = (path) => import(`/console/${{path}}`); {script} }}"
    return await page.evaluate(body, value)


async def test_the_order_of_updates_and_their_repetition_change_nothing(page: Page) -> None:
    different = await ask(
        page,
        _SHUFFLED
        + """
        const { emptyState, foldEvent } = await at("pages/live/state.js");
        const look = (events) => {
          const state = emptyState();
          events.forEach((event) => foldEvent(state, event));
          return JSON.stringify([...state.entries.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
            (key, told) => (key === "toldBy" ? undefined : told && told.constructor === Object
              ? Object.fromEntries(Object.entries(told).sort()) : told));
        };
        const seeds = Array.from({ length: 300 }, (_, seed) => seed + 1);
        return seeds.filter((seed) => look(shuffled(value, seed)) !== look(value));
        """,
        _EVENTS,
    )

    assert different == []


async def test_the_order_of_updates_does_not_change_the_transcript(page: Page) -> None:
    told = await ask(
        page,
        _SHUFFLED
        + """
        const { emptyTranscript, foldIntoTranscript, linesOf, partialOf } = await at("pages/live/transcript.js");
        const look = (events) => {
          const transcript = emptyTranscript();
          events.forEach((event) => foldIntoTranscript(transcript, event));
          return [linesOf(transcript).map((line) => line.message?.text ?? line.note.kind), partialOf(transcript)];
        };
        const spoken = value.filter((event) => event.conversation_id === "call");
        const seeds = Array.from({ length: 300 }, (_, seed) => seed + 1);
        return [look(spoken), seeds.filter((seed) =>
          JSON.stringify(look(shuffled(spoken, seed))) !== JSON.stringify(look(spoken)))];
        """,
        _EVENTS,
    )

    assert told == [[["call_started", "Hello.", "When are you open?", "call_ended"], None], []]


async def test_what_an_answer_of_the_api_says_gives_way_to_younger_updates_only(page: Page) -> None:
    statuses = await ask(
        page,
        """
        const { emptyState, foldConversations, foldEvent } = await at("pages/live/state.js");
        const state = emptyState();
        const told = (status) => [{ id: "chat", channel: "whatsapp", user_id: "1", user_name: "Asha", status,
          agent_id: null, started_at: "2026-03-01T10:00:00Z", last_message_at: "2026-03-01T10:00:00Z",
          message_count: 1, needs_attention: false, opted_out: false }];
        const status = () => state.entries.get("chat").status;
        const taken = value.find((event) => event.type === "takeover.changed");
        foldEvent(state, taken);
        const seen = [status()];
        foldConversations(state, told("open"), "1-0");
        seen.push(status());
        foldConversations(state, told("closed"), taken.id);
        seen.push(status());
        return seen;
        """,
        _EVENTS,
    )

    assert statuses == ["human", "human", "closed"]


async def test_a_turn_that_was_told_and_is_read_again_stands_there_once_under_the_same_key(page: Page) -> None:
    lines = await ask(
        page,
        """
        const { emptyTranscript, foldIntoTranscript, foldMessages, linesOf } = await at("pages/live/transcript.js");
        const transcript = emptyTranscript();
        const [, told] = value;
        foldIntoTranscript(transcript, told);
        const before = linesOf(transcript).map((line) => line.key);
        foldMessages(transcript, [{ id: "m9", speaker: "agent", text: "Hello.", at: told.at }], told.id);
        return [before, linesOf(transcript).map((line) => line.key)];
        """,
        _EVENTS,
    )

    assert lines[0] == lines[1]


async def test_the_most_urgent_conversation_comes_first(page: Page) -> None:
    order = await ask(
        page,
        """
        const { emptyState, foldEvent, listed } = await at("pages/live/state.js");
        const state = emptyState();
        const told = (id, place, type, data) => foldEvent(state, { id: `${place}-0`, type,
          at: `2026-03-01T10:00:0${place}Z`, conversation_id: id, channel: "x", user_id: id, data });
        told("waits", 1, "takeover.changed", { status: "human", wanted: true });
        told("call", 2, "call.started", { call_sid: "CA1" });
        told("person", 3, "takeover.changed", { status: "human" });
        told("older", 4, "message.received", { text: "hi" });
        told("newer", 5, "message.received", { text: "hi" });
        return listed(state).map((entry) => entry.id);
        """,
    )

    assert order == ["waits", "call", "person", "newer", "older"]


async def test_entries_are_bounded_and_the_urgent_ones_stay(page: Page) -> None:
    kept = await ask(
        page,
        """
        const { MOST_ENTRIES, emptyState, foldEvent } = await at("pages/live/state.js");
        const state = emptyState();
        const told = (id, place, type, data) => foldEvent(state, { id: `${place}-0`, type,
          at: new Date(place * 1000).toISOString(), conversation_id: id, channel: "x", user_id: id, data });
        told("waits", 1, "takeover.changed", { status: "human", wanted: true });
        for (let place = 2; place < MOST_ENTRIES + 50; place += 1) {
          told(`c${place}`, place, "message.received", { text: "hi" });
        }
        return [state.entries.size <= MOST_ENTRIES, state.entries.has("waits"), state.entries.has("c2")];
        """,
    )

    assert kept == [True, True, False]


async def test_a_waveform_is_the_same_however_the_file_arrives(page: Page) -> None:
    peaks = await ask(
        page,
        """
        const { WaveformReader } = await at("pages/history/wav.js");
        const frames = 10_000;
        const file = new DataView(new ArrayBuffer(44 + frames * 4));
        const write = (place, word) =>
          [...word].forEach((sign, each) => file.setUint8(place + each, sign.charCodeAt(0)));
        write(0, "RIFF"); file.setUint32(4, 36 + frames * 4, true); write(8, "WAVEfmt ");
        file.setUint32(16, 16, true); file.setUint16(20, 1, true); file.setUint16(22, 2, true);
        file.setUint32(24, 8000, true); file.setUint32(28, 32000, true); file.setUint16(32, 4, true);
        file.setUint16(34, 16, true); write(36, "data"); file.setUint32(40, frames * 4, true);
        for (let frame = 0; frame < frames; frame += 1) {
          file.setInt16(44 + frame * 4, frame < 5000 ? 16384 : 0, true);
          file.setInt16(46 + frame * 4, frame < 5000 ? 0 : -8192, true);
        }
        const bytes = new Uint8Array(file.buffer);
        const read = async (size) => {
          const reader = new WaveformReader();
          for (let from = 0; from < bytes.length; from += size) {
            await reader.feed(bytes.subarray(from, from + size));
          }
          return [reader.duration, reader.peaks.map((lane) => [...lane])];
        };
        const whole = await read(bytes.length);
        const same = [];
        for (const size of [1, 3, 7, 43, 45, 4096]) {
          same.push(JSON.stringify(await read(size)) === JSON.stringify(whole));
        }
        const [duration, [upper, lower]] = whole;
        return { same, duration, ends: [upper[0], upper.at(-1), lower[0], lower.at(-1)], count: upper.length };
        """,
    )

    assert all(peaks["same"])
    assert peaks["duration"] == 1.25
    assert peaks["ends"] == [0.5, 0, 0, 0.25]
    assert peaks["count"] <= 2400


async def test_half_an_hour_is_drawn_without_holding_the_page_up(page: Page) -> None:
    longest_ms = await ask(
        page,
        """
        const { WaveformReader } = await at("pages/history/wav.js");
        const seconds = 1800, bytesOfData = seconds * 8000 * 4;
        const head = new DataView(new ArrayBuffer(44));
        const write = (place, word) =>
          [...word].forEach((sign, each) => head.setUint8(place + each, sign.charCodeAt(0)));
        write(0, "RIFF"); write(8, "WAVEfmt "); head.setUint32(16, 16, true); head.setUint16(20, 1, true);
        head.setUint16(22, 2, true); head.setUint32(24, 8000, true); head.setUint16(34, 16, true);
        write(36, "data"); head.setUint32(40, bytesOfData, true);
        const reader = new WaveformReader();
        await reader.feed(new Uint8Array(head.buffer));
        const piece = new Uint8Array(4 * 1024 * 1024).fill(17);
        let turns = 0, isDone = false;
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { turns += 1; isDone || channel.port2.postMessage(null); };
        channel.port2.postMessage(null);
        for (let fed = 0; fed < bytesOfData; fed += piece.length) {
          await reader.feed(piece);
        }
        isDone = true;
        return [turns, reader.framesRead === reader.frames];
        """,
    )

    turns, is_whole = longest_ms
    assert is_whole
    # Others had their turn again and again: some hundred pieces of work instead of one.
    assert turns > 50


async def test_what_is_no_recording_of_ours_is_refused(page: Page) -> None:
    refused = await ask(
        page,
        """
        const { WaveformReader, NotReadable } = await at("pages/history/wav.js");
        try { await new WaveformReader().feed(new TextEncoder().encode("<Error>expired</Error>")); return "read"; }
        catch (error) { return error instanceof NotReadable; }
        """,
    )

    assert refused is True


async def test_wishes_survive_the_address_and_nonsense_is_left_out(page: Page) -> None:
    wishes = await ask(
        page,
        """
        const { addressOf, filtersOf, wishesFrom } = await at("pages/history/address.js");
        const wishes = wishesFrom(
          "kind=calls&q=%20fee%20%26%20bill&status=evil&from=2026-03-01&to=soon&user_id=%2B9198");
        const again = wishesFrom(addressOf(wishes));
        return [wishes, JSON.stringify(again) === JSON.stringify(wishes), filtersOf(wishes)];
        """,
    )

    assert wishes[0] | {"kind": "calls", "q": "fee & bill", "status": "", "from": "2026-03-01", "to": ""} == wishes[0]
    assert wishes[1]
    assert wishes[2]["user_id"] == "9198"
    assert set(wishes[2]) == {"q", "user_id", "from"}


async def test_stages_fill_their_line_and_add_up(page: Page) -> None:
    lines = await ask(
        page,
        """
        const { stageLine } = await at("conversations/stages.js");
        return [stageLine({ endpoint: 500, transcript: 100, context: 0, reply: 300, speech: 100, first_audio: 1000,
          routing: 20 }), stageLine({ context: 10, routing: 40, model_first_piece: 150, total: 400 }), stageLine({})];
        """,
    )

    spoken, written, nothing = lines
    assert spoken["totalMs"] == 1000
    assert [row["share"] for row in spoken["rows"]] == [0.5, 0.1, 0, 0.3, 0.1]
    assert [entry["stage"] for entry in spoken["inside"]] == ["routing"]
    assert written["rows"][-1] == {"stage": "rest", "ms": 200, "startShare": 0.5, "share": 0.5}
    assert nothing is None


async def test_notes_of_the_system_are_told_apart(page: Page) -> None:
    told = await ask(
        page,
        """
        const { handOversOf, readNotes } = await at("conversations/notes.js");
        return [readNotes("Reception handed over to billing: the fee.\\nBilling handed over to a person."),
          readNotes("Something new."),
          handOversOf({ route_reason: "handed_over", agent_id: "c", route_detail: "from a: x\\nfrom b: y" })];
        """,
    )

    assert [note["kind"] for note in told[0]] == ["hand_over", "person_wanted"]
    assert told[1] == [{"kind": "other", "text": "Something new."}]
    assert json.loads(json.dumps(told[2])) == [
        {"giver": "a", "taker": "b", "why": "x"},
        {"giver": "b", "taker": "c", "why": "y"},
    ]
