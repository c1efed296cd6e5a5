// Telephone audio: mu-law, one byte a sample, as ITU-T G.711 has it. No DOM: the audio worklet uses this too.

export const RATE_HZ = 8000;
/** 20 ms: what the telephone sends and plays at a time. */
export const FRAME_SAMPLES = 160;

const BIAS = 33;
/** With the bias, the last that has a segment; audio that is louder is clipped. */
const LOUDEST = 8158;
const FULL_SCALE = 32768;
const SEGMENT_ENDS = [0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff, 0x1fff];

/** The code of a 16-bit sample. */
export function encode(sample) {
  const isNegative = sample >> 2 < 0;
  const magnitude = Math.min(Math.abs(sample >> 2), LOUDEST) + BIAS;
  const segment = SEGMENT_ENDS.findIndex((end) => magnitude <= end);
  return ((segment << 4) | ((magnitude >> (segment + 1)) & 0x0f)) ^ (isNegative ? 0x7f : 0xff);
}

/** The 16-bit sample of a code. */
export function decode(code) {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

/** The code of a sample between -1 and 1; louder ones are clipped. */
export function encodeFloat(sample) {
  return encode(Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE))));
}

/** The samples of all codes, between -1 and 1. */
export const DECODED = Float32Array.from({ length: 256 }, (_, code) => decode(code) / FULL_SCALE);
