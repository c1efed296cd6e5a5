// Frames that came over the network, played at a steady pace although they did not come at one. No DOM.

/** So many frames wait before the first is played: 60 ms. */
const FIRST_FRAMES = 3;
/** When more wait, quiet ones are left out until the delay is usual again. */
const COMFORTABLE_FRAMES = 6;
/** When more wait, the oldest are dropped: a second behind is no conversation. */
const MOST_FRAMES = 50;
const QUIET = 0.01;

/** A queue of frames of samples between -1 and 1. */
export class FrameQueue {
  #frames = [];
  #isFilling = true;

  get length() {
    return this.#frames.length;
  }

  /** Play this behind what waits. */
  put(frame) {
    this.#frames.push(frame);
    if (this.#frames.length > MOST_FRAMES) {
      this.#frames.shift();
    }
  }

  /** The next frame; null while there is nothing to play. */
  take() {
    if (this.#isFilling && this.#frames.length < FIRST_FRAMES) {
      return null;
    }
    if (this.#frames.length > COMFORTABLE_FRAMES && isQuiet(this.#frames[0])) {
      this.#frames.shift();
    }
    this.#isFilling = this.#frames.length === 0;
    return this.#frames.shift() ?? null;
  }
}

function isQuiet(frame) {
  return frame.every((sample) => Math.abs(sample) < QUIET);
}
