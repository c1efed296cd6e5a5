// Changes of sample rate, by windowed-sinc filters that let the telephone band pass and nothing that would fold into it.

/** Taps on either side of the filter's centre, counted at the lower rate: 2 ms of telephone audio. */
const HALF_WIDTH = 16;
/** Of the lower rate: 3700 Hz of 8000, a little below half. */
const CUTOFF = 0.4625;
const KAISER_BETA = 6;

/** Turns a stream of samples at one rate into a stream at another; each needs to know the 2 ms that follow it. */
export class Resampler {
  #taps;
  #half;
  #up;
  #down;
  #waiting;
  #count = 0;
  #phase = 0;

  constructor(fromHz, toHz) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const lowerHz = Math.min(fromHz, toHz);
    this.#half = Math.ceil((HALF_WIDTH * fromHz) / lowerHz);
    this.#taps = filterBank(this.#up, this.#half, (2 * CUTOFF * lowerHz) / fromHz);
    this.#waiting = new Float32Array(4 * this.#half + 4096);
    // Silence came before the first sample.
    this.#count = this.#half - 1;
  }

  /** Take samples; `emit` is called with each sample of the result that has become certain. */
  push(samples, emit) {
    this.#makeRoom(samples.length);
    this.#waiting.set(samples, this.#count);
    this.#count += samples.length;
    let first = 0;
    while (first + 2 * this.#half <= this.#count) {
      emit(this.#filtered(first));
      this.#phase += this.#down;
      first += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    this.#waiting.copyWithin(0, first, this.#count);
    this.#count -= first;
  }

  #filtered(first) {
    const width = 2 * this.#half;
    const offset = this.#phase * width;
    let sum = 0;
    for (let index = 0; index < width; index += 1) {
      sum += this.#waiting[first + index] * this.#taps[offset + index];
    }
    return sum;
  }

  #makeRoom(length) {
    if (this.#count + length > this.#waiting.length) {
      const larger = new Float32Array(2 * (this.#count + length));
      larger.set(this.#waiting.subarray(0, this.#count));
      this.#waiting = larger;
    }
  }
}

/** For each place between two samples, the weights of the `half` samples before and after it; they sum up to 1. */
function filterBank(phases, half, cutoff) {
  const width = 2 * half;
  const bank = new Float32Array(phases * width);
  for (let phase = 0; phase < phases; phase += 1) {
    const weights = Array.from({ length: width }, (_, index) => {
      const position = index - (half - 1) - phase / phases;
      return sinc(cutoff * position) * kaiser(position / half);
    });
    const sum = weights.reduce((whole, weight) => whole + weight, 0);
    bank.set(weights.map((weight) => weight / sum), phase * width);
  }
  return bank;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x) {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of order zero. */
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let order = 1; term > 1e-9 * sum; order += 1) {
    term *= (x / (2 * order)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(one, other) {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}
