// Work on the page's elements, gathered: however much happens, they are touched once for each frame that is drawn.

/** Returns `{ask, end}`: `ask()` lets `work` run before the next frame, once however often it is asked for. */
export function onceAFrame(work) {
  let asked = null;
  return {
    ask() {
      asked ??= requestAnimationFrame(() => {
        asked = null;
        work();
      });
    },
    end() {
      cancelAnimationFrame(asked);
    },
  };
}

/**
 * Returns `{ask, end}`: `ask()` lets `work` run after a while without another question, at the latest after `longestMs`.
 *
 * One run is under way at a time; what is asked meanwhile is done after it, at least `restMs` later.
 */
export function afterAWhile(work, { quietMs = 300, longestMs = 1500, restMs = 0 } = {}) {
  let timer = null;
  let restedAt = 0;
  let askedAt = 0;
  let isWorking = false;
  let isWanted = false;
  let hasEnded = false;

  async function run() {
    timer = null;
    isWorking = true;
    isWanted = false;
    await work();
    isWorking = false;
    restedAt = performance.now() + restMs;
    if (isWanted && !hasEnded) {
      ask();
    }
  }

  function ask() {
    isWanted = true;
    if (isWorking || hasEnded) {
      return;
    }
    const now = performance.now();
    askedAt = timer === null ? now : askedAt;
    clearTimeout(timer);
    timer = setTimeout(run, Math.max(0, restedAt - now, Math.min(quietMs, askedAt + longestMs - now)));
  }

  return {
    ask,
    end() {
      hasEnded = true;
      clearTimeout(timer);
    },
  };
}

/** Let `list` hold the items of `keyed` ({key, version, make}) in order; items whose version is the same stay as they are. */
export function arrange(list, keyed) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  let next = list.firstElementChild;
  for (const { key, version, make } of keyed) {
    let item = before.get(key);
    before.delete(key);
    if (item && item.dataset.version !== version) {
      const renewed = make(item);
      if (renewed !== item) {
        next = next === item ? renewed : next;
        item.replaceWith(renewed);
        item = renewed;
      }
    }
    item ??= make(null);
    item.dataset.key = key;
    item.dataset.version = version;
    if (item === next) {
      next = next.nextElementSibling;
    } else {
      list.insertBefore(item, next);
    }
  }
  before.forEach((child) => child.remove());
  // What is moved loses the focus.
  if (focused && focused !== document.activeElement && focused.isConnected) {
    focused.focus({ preventScroll: true });
  }
}
