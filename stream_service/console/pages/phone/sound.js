// The microphone and the loudspeaker of this computer, as a telephone's.

import { Tones } from "./tones.js";

/** Why there is no microphone: a word that the page explains. */
export class NoMicrophone extends Error {
  /** `reason` is `refused`, `missing`, `busy` or `insecure`. */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

const REASONS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Frames of mu-law in and out. */
export class Sound {
  #context = null;
  #earpiece = null;
  #microphone = null;
  #source = null;
  #stream = null;
  #onFrame;
  #onLevel;

  /** `onFrame(bytes)`: 20 ms were said; `onLevel(which, level)`: how loud `mouth` or `ear` is, 0 to 1. */
  constructor({ onFrame, onLevel }) {
    this.#onFrame = onFrame;
    this.#onLevel = onLevel;
    this.tones = null;
  }

  get hasMicrophone() {
    return this.#stream !== null;
  }

  /** Make ready to listen and to ring. Must follow a click: browsers play nothing before one. */
  async open() {
    this.#context = new AudioContext({ latencyHint: "interactive" });
    const worklet = new URL("worklet.js", import.meta.url);
    await Promise.all([this.#context.resume(), this.#context.audioWorklet.addModule(worklet)]);
    this.#earpiece = new AudioWorkletNode(this.#context, "telephone-earpiece", { numberOfInputs: 0 });
    this.#earpiece.port.onmessage = ({ data }) => this.#onLevel("ear", data.level);
    this.#earpiece.connect(this.#context.destination);
    this.tones = new Tones(this.#context);
  }

  /**
   * Let the microphone be heard; "" is whichever the system prefers.
   *
   * @throws {NoMicrophone}
   */
  async listen(deviceId = "") {
    const stream = await microphoneOf(deviceId);
    if (!this.#context) {
      // The telephone was put down while the person was asked.
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    this.#stopListening();
    this.#stream = stream;
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream: stream });
    const oneChannel = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
    this.#microphone = new AudioWorkletNode(this.#context, "telephone-microphone", oneChannel);
    this.#microphone.port.onmessage = ({ data }) =>
      "frame" in data ? this.#onFrame(data.frame) : this.#onLevel("mouth", data.level);
    this.#source.connect(this.#microphone);
  }

  /** Whether what is said is kept to oneself. */
  mute(isMuted) {
    this.#microphone?.port.postMessage({ isMuted });
  }

  /** Play 20 ms of mu-law. */
  play(frame) {
    this.#earpiece?.port.postMessage(frame, [frame]);
  }

  /** Be heard from another loudspeaker, where the browser can do that. */
  async speakFrom(deviceId) {
    await this.#context?.setSinkId?.(deviceId);
  }

  async close() {
    this.tones?.stopRinging();
    this.#stopListening();
    const context = this.#context;
    this.#context = null;
    this.#earpiece = null;
    await context?.close();
  }

  #stopListening() {
    this.#source?.disconnect();
    this.#microphone?.port.close();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#microphone = null;
  }
}

/** The devices that can be chosen: `{id, label}`; their names are known once the microphone was allowed. */
export async function devices(kind) {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((device) => device.kind === kind && device.label).map(({ deviceId: id, label }) => ({ id, label }));
}

/** Whether another loudspeaker can be chosen. */
export function canChooseSpeaker() {
  return "setSinkId" in AudioContext.prototype;
}

/** What the person said about the microphone: `granted`, `denied` or `prompt`, which is also "not known". */
export async function microphonePermission() {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state;
  } catch {
    return "prompt";
  }
}

async function microphoneOf(deviceId) {
  if (!navigator.mediaDevices) {
    throw new NoMicrophone("insecure");
  }
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: deviceId ? { ...audio, deviceId: { exact: deviceId } } : audio });
  } catch (error) {
    throw new NoMicrophone(REASONS[error.name] ?? "missing");
  }
}
