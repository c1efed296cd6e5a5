// What a telephone lets its owner hear: the tones of the keys, and the ringing at the other end.

const ROWS_HZ = [697, 770, 852, 941];
const COLUMNS_HZ = [1209, 1336, 1477];
/** As they lie on a telephone. */
export const KEYS = ["123", "456", "789", "*0#"].map((row) => [...row]);

const KEY_SECONDS = 0.14;
const KEY_GAIN = 0.08;
const RINGING_GAIN = 0.05;
const RINGING_HZ = [400, 425];
// India's ringing tone: two short rings, then a pause.
const RINGS_SECONDS = [0, 0.6];
const RING_SECONDS = 0.4;
const RINGING_PERIOD_MS = 3000;

/** Plays tones into an audio context. */
export class Tones {
  #context;
  #ringing = null;

  constructor(context) {
    this.#context = context;
  }

  /** The two tones of a key. */
  key(digit) {
    const row = KEYS.findIndex((keys) => keys.includes(digit));
    this.#play([ROWS_HZ[row], COLUMNS_HZ[KEYS[row].indexOf(digit)]], 0, KEY_SECONDS, KEY_GAIN);
  }

  /** Ring until told to stop. */
  startRinging() {
    this.stopRinging();
    const ring = () => RINGS_SECONDS.forEach((start) => this.#play(RINGING_HZ, start, RING_SECONDS, RINGING_GAIN));
    ring();
    this.#ringing = setInterval(ring, RINGING_PERIOD_MS);
  }

  stopRinging() {
    clearInterval(this.#ringing);
    this.#ringing = null;
  }

  #play(frequencies, startSeconds, seconds, gain) {
    const start = this.#context.currentTime + startSeconds;
    const volume = new GainNode(this.#context, { gain: 0 });
    // Fading in and out keeps it from clicking.
    volume.gain.setTargetAtTime(gain, start, 0.005);
    volume.gain.setTargetAtTime(0, start + seconds - 0.02, 0.005);
    volume.connect(this.#context.destination);
    for (const frequency of frequencies) {
      const oscillator = new OscillatorNode(this.#context, { frequency });
      oscillator.connect(volume);
      oscillator.start(start);
      oscillator.stop(start + seconds);
    }
  }
}
