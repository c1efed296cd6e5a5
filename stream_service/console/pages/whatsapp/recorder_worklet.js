// Runs on the browser's audio thread: passes on what is heard as 16-bit samples.

registerProcessor(
  "recorder",
  class extends AudioWorkletProcessor {
    process([[samples]]) {
      if (samples) {
        const pcm = Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))));
        this.port.postMessage(pcm, [pcm.buffer]);
      }
      return true;
    }
  },
);
