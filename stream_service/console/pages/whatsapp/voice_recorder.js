// A voice note: what the microphone hears, as a WAV file. The simulator makes of it what a telephone would send.

import { NoMicrophone } from "../phone/sound.js";

const RATE_HZ = 16_000;
export const LONGEST_SECONDS = 120;

/**
 * Record until `finish` or `cancel`.
 *
 * @throws {NoMicrophone}
 */
export async function startRecording() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
  } catch (error) {
    throw new NoMicrophone(error.name === "NotAllowedError" ? "refused" : "missing");
  }
  // The context's rate is the recording's: the browser converts what the microphone gives.
  const context = new AudioContext({ sampleRate: RATE_HZ });
  await context.audioWorklet.addModule(new URL("recorder_worklet.js", import.meta.url));
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  const parts = [];
  let count = 0;
  recorder.port.onmessage = ({ data }) => {
    if (count < LONGEST_SECONDS * RATE_HZ) {
      parts.push(data);
      count += data.length;
    }
  };
  source.connect(recorder);
  const stop = async () => {
    stream.getTracks().forEach((track) => track.stop());
    await context.close();
  };
  return {
    cancel: stop,
    async finish() {
      await stop();
      return wav(parts, count);
    },
  };
}

function wav(parts, count) {
  const header = new DataView(new ArrayBuffer(44));
  const text = (offset, word) => [...word].forEach((letter, index) => header.setUint8(offset + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + 2 * count, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE_HZ, true);
  header.setUint32(28, 2 * RATE_HZ, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  text(36, "data");
  header.setUint32(40, 2 * count, true);
  return new Blob([header, ...parts], { type: "audio/wav" });
}
