// One call through the simulator: its states, its socket, its sound.

import { NoMicrophone, Sound } from "./sound.js";

const NORMAL_CLOSURE = 1000;

/** Which state may follow which. Nothing follows `ended`: the next call is another telephone. */
const NEXT = {
  idle: ["preparing"],
  preparing: ["calling", "ended"],
  calling: ["ringing", "ended"],
  ringing: ["talking", "ended"],
  talking: ["interrupted", "ended"],
  interrupted: ["talking", "ended"],
  ended: [],
};

/** A call from dialling to its end. */
export class Telephone {
  #address;
  #sound;
  #socket = null;
  #onState;
  #onEvent;

  /**
   * `onState(state, details)` hears every state, `onEvent(event)` what the simulator tells, `onLevel(which, level)` how
   * loud it is. States are the keys of NEXT.
   */
  constructor(simulatorUrl, { onState, onEvent, onLevel }) {
    this.#address = new URL("/phone/socket", simulatorUrl.replace(/^http/, "ws"));
    this.#onState = onState;
    this.#onEvent = onEvent;
    this.#sound = new Sound({ onFrame: (frame) => this.#send(frame), onLevel });
    this.state = "idle";
    this.callSid = null;
    this.isMuted = false;
  }

  get hasMicrophone() {
    return this.#sound.hasMicrophone;
  }

  get isOver() {
    return this.state === "ended";
  }

  /**
   * Dial. Must follow a click.
   *
   * @throws {NoMicrophone} when one is wanted and there is none; nothing was dialled.
   */
  async call(caller, { wantsMicrophone = true, microphoneId = "", speakerId = "" } = {}) {
    this.#become("preparing");
    try {
      await this.#sound.open();
      await this.#sound.speakFrom(speakerId);
      if (wantsMicrophone) {
        await this.#sound.listen(microphoneId);
      }
    } catch (error) {
      await this.#end(error instanceof NoMicrophone ? "no_microphone" : "no_sound");
      throw error;
    }
    if (!this.isOver) {
      this.#dial(caller);
    }
  }

  /** Press a key: it is heard here and there. */
  press(digit) {
    this.#sound.tones?.key(digit);
    this.#tell({ event: "digit", digit });
  }

  /** Let a voice of this machine say it. */
  say(text) {
    this.#tell({ event: "say", text });
  }

  mute(isMuted) {
    this.isMuted = isMuted;
    this.#sound.mute(isMuted);
  }

  /** Speak into another microphone; throws as `call`. */
  async listen(microphoneId) {
    await this.#sound.listen(microphoneId);
    this.#sound.mute(this.isMuted);
  }

  speakFrom(speakerId) {
    return this.#sound.speakFrom(speakerId);
  }

  /** Put the telephone down, whatever is going on. */
  hangUp() {
    this.#tell({ event: "hang_up" });
    return this.#end("caller_hung_up");
  }

  #dial(caller) {
    this.#become("calling");
    this.#address.searchParams.set("caller", caller);
    const socket = new WebSocket(this.#address);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") {
        this.#notice(JSON.parse(data));
      } else {
        this.#sound.play(data);
      }
    });
    socket.addEventListener("close", () => this.#end(this.state === "calling" ? "unreachable" : "lost"));
    this.#socket = socket;
  }

  #notice(event) {
    if (event.event === "ringing") {
      this.callSid = event.call_sid;
      this.#become("ringing");
      this.#sound.tones?.startRinging();
    } else if (event.event === "connected") {
      this.#sound.tones?.stopRinging();
      this.#become("talking");
    } else if (event.event === "disconnected") {
      this.#become("interrupted");
    } else if (event.event === "ended") {
      this.#end(event.reason);
      return;
    }
    this.#onEvent(event);
  }

  #send(frame) {
    if (this.state === "talking" && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(frame);
    }
  }

  #tell(event) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(event));
    }
  }

  async #end(reason) {
    if (this.isOver) {
      return;
    }
    this.#become("ended", { reason });
    // The simulator closes its side when it has told the platform; what it says by then is not waited for.
    this.#socket?.close(NORMAL_CLOSURE);
    await this.#sound.close();
  }

  #become(state, details = {}) {
    if (NEXT[this.state].includes(state)) {
      this.state = state;
      this.#onState(state, details);
    }
  }
}
