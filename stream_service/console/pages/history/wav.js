// A WAV file that is read while it arrives: the loudness of each channel over time, without ever holding the whole file.
// 16-bit PCM with one or two channels, as the platform records. No DOM. Source: RIFF WAVE.

/** Highest peaks that are worth keeping: more than a wide screen has points. */
export const PEAKS = 2400;
/** So many samples are looked at before others get a turn: some two milliseconds of work. */
const SAMPLES_AT_ONCE = 262_144;
const LONGEST_HEAD_BYTES = 65_536;

export class NotReadable extends Error {}

/** Feed it the bytes of a file as they come; `peaks` grows meanwhile. */
export class WaveformReader {
  constructor() {
    this.format = null;
    this.frames = 0;
    /** One array for each channel, the largest absolute sample of each stretch of time, from 0 to 1. */
    this.peaks = [];
    this.framesRead = 0;
    this._rest = new Uint8Array(0);
  }

  /** Seconds of the whole recording, once its head was read. */
  get duration() {
    return this.format ? this.frames / this.format.rate : 0;
  }

  /**
   * Take in the next bytes.
   *
   * Throws NotReadable when it is no such file.
   */
  async feed(bytes) {
    let fed = this._rest.length ? joined(this._rest, bytes) : bytes;
    if (!this.format) {
      const head = readHead(fed);
      if (!head) {
        if (fed.length > LONGEST_HEAD_BYTES) {
          throw new NotReadable("no data within the first bytes");
        }
        this._rest = fed;
        return;
      }
      this._begin(head);
      fed = fed.subarray(head.start);
    }
    await this._measure(fed);
  }

  _begin(head) {
    this.format = head;
    this.frames = Math.floor(head.dataBytes / head.frameBytes);
    this.framesPerPeak = Math.max(1, Math.ceil(this.frames / PEAKS));
    const count = Math.ceil(this.frames / this.framesPerPeak);
    this.peaks = Array.from({ length: head.channels }, () => new Float32Array(count));
  }

  async _measure(bytes) {
    const { frameBytes, channels } = this.format;
    const whole = Math.min(Math.floor(bytes.length / frameBytes), this.frames - this.framesRead);
    const view = new DataView(bytes.buffer, bytes.byteOffset, whole * frameBytes);
    const atOnce = Math.max(1, Math.floor(SAMPLES_AT_ONCE / channels));
    for (let from = 0; from < whole; from += atOnce) {
      const until = Math.min(whole, from + atOnce);
      this._measureFrames(view, from, until);
      if (until < whole) {
        await nextTurn();
      }
    }
    this.framesRead += whole;
    this._rest = bytes.slice(whole * frameBytes);
    if (this.framesRead >= this.frames) {
      this._rest = new Uint8Array(0);
    }
  }

  _measureFrames(view, from, until) {
    const { channels, frameBytes } = this.format;
    for (let channel = 0; channel < channels; channel += 1) {
      const peaks = this.peaks[channel];
      let at = from * frameBytes + channel * 2;
      for (let frame = from; frame < until; frame += 1, at += frameBytes) {
        const loudness = Math.abs(view.getInt16(at, true)) / 32768;
        const place = Math.floor((this.framesRead + frame) / this.framesPerPeak);
        if (loudness > peaks[place]) {
          peaks[place] = loudness;
        }
      }
    }
  }
}

/** Read a recording from an answer to `fetch`; `progress(reader)` is told now and then. Throws NotReadable. */
export async function readWaveform(response, progress = () => {}) {
  const reader = new WaveformReader();
  const source = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await source.read();
      if (done) {
        break;
      }
      await reader.feed(value);
      progress(reader);
    }
  } finally {
    source.cancel().catch(() => {});
  }
  if (!reader.format) {
    throw new NotReadable("the file ended within its head");
  }
  return reader;
}

/** Where the samples start and what they are; null while the head is not whole. */
function readHead(bytes) {
  if (bytes.length < 12) {
    return null;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (word(bytes, 0) !== "RIFF" || word(bytes, 8) !== "WAVE") {
    throw new NotReadable("not a WAV file");
  }
  let format = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = word(bytes, at);
    const size = view.getUint32(at + 4, true);
    if (name === "data") {
      if (!format) {
        throw new NotReadable("no format before the data");
      }
      return { ...format, start: at + 8, dataBytes: size };
    }
    if (name === "fmt ") {
      if (at + 24 > bytes.length) {
        return null;
      }
      format = readFormat(view, at + 8);
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

function readFormat(view, at) {
  const isPcm = view.getUint16(at, true) === 1;
  const channels = view.getUint16(at + 2, true);
  if (!isPcm || view.getUint16(at + 14, true) !== 16 || channels < 1 || channels > 2) {
    throw new NotReadable("not 16-bit PCM with one or two channels");
  }
  return { channels, rate: view.getUint32(at + 4, true), frameBytes: channels * 2 };
}

function word(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Let the page do what waits; a timer would wait four milliseconds longer. */
function nextTurn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
