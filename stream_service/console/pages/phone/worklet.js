// Runs beside the page, on the browser's audio thread: the telephone's microphone and its earpiece.

import { FrameQueue } from "./frame_queue.js";
import { DECODED, FRAME_SAMPLES, RATE_HZ, encodeFloat } from "./mulaw.js";
import { Resampler } from "./resampling.js";

const LEVELS_PER_SECOND = 20;

/** Says how loud it was, some times in a second. */
class LevelMeter {
  #squares = 0;
  #count = 0;

  constructor(port) {
    this.port = port;
  }

  take(sample) {
    this.#squares += sample * sample;
    this.#count += 1;
    if (this.#count >= sampleRate / LEVELS_PER_SECOND) {
      this.port.postMessage({ level: Math.sqrt(this.#squares / this.#count) });
      this.#squares = 0;
      this.#count = 0;
    }
  }
}

/** Posts what it hears as frames of mu-law; nothing while it is muted. */
class Microphone extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE_HZ);
  #meter = new LevelMeter(this.port);
  #frame = new Uint8Array(FRAME_SAMPLES);
  #filled = 0;
  #isMuted = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#isMuted = data.isMuted;
      this.#filled = 0;
    };
  }

  process([input]) {
    const samples = input[0];
    if (samples) {
      for (const sample of samples) {
        this.#meter.take(this.#isMuted ? 0 : sample);
      }
      this.#resampler.push(samples, (sample) => this.#send(sample));
    }
    return true;
  }

  #send(sample) {
    if (this.#isMuted) {
      return;
    }
    this.#frame[this.#filled] = encodeFloat(sample);
    this.#filled += 1;
    if (this.#filled === FRAME_SAMPLES) {
      this.port.postMessage({ frame: this.#frame.buffer }, [this.#frame.buffer]);
      this.#frame = new Uint8Array(FRAME_SAMPLES);
      this.#filled = 0;
    }
  }
}

/** Plays frames of mu-law that are posted to it. */
class Earpiece extends AudioWorkletProcessor {
  #queue = new FrameQueue();
  #resampler = new Resampler(RATE_HZ, sampleRate);
  #meter = new LevelMeter(this.port);
  #ready = new Float32Array(2 * sampleRate);
  #readyCount = 0;
  #silence = new Float32Array(FRAME_SAMPLES);

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#queue.put(Float32Array.from(new Uint8Array(data), (code) => DECODED[code]));
  }

  process(_, [output]) {
    const [first, ...others] = output;
    while (this.#readyCount < first.length) {
      this.#resampler.push(this.#queue.take() ?? this.#silence, (sample) => {
        this.#ready[this.#readyCount] = sample;
        this.#readyCount += 1;
      });
    }
    first.set(this.#ready.subarray(0, first.length));
    this.#ready.copyWithin(0, first.length, this.#readyCount);
    this.#readyCount -= first.length;
    others.forEach((channel) => channel.set(first));
    first.forEach((sample) => this.#meter.take(sample));
    return true;
  }
}

registerProcessor("telephone-microphone", Microphone);
registerProcessor("telephone-earpiece", Earpiece);
