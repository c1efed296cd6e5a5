// Costs of months as columns that are stacked by service. The table beside it says the same in numbers.

import { h } from "../../shell/element.js";

const WIDTH = 640;
const HEIGHT = 220;
const FOOT = 24;
const HEAD = 22;

/** `months`: [{label, total, parts: [amounts]}], the oldest first; parts in the order of the series. */
export function monthChart({ months, label, amount }) {
  const highest = Math.max(...months.map(({ total }) => total), Number.EPSILON);
  const step = WIDTH / months.length;
  const width = Math.min(72, step * 0.6);
  const columns = months.map((month, place) => {
    const middle = step * (place + 0.5);
    let bottom = HEIGHT - FOOT;
    const boxes = month.parts.map((part, series) => {
      const height = (Math.max(0, part) / highest) * (HEIGHT - FOOT - HEAD);
      bottom -= height;
      return h("rect", { class: `series-${series + 1}`, x: middle - width / 2, y: bottom, width, height });
    });
    return h(
      "g",
      {},
      boxes,
      h("text", { x: middle, y: bottom - 6, "text-anchor": "middle", class: "sum" }, amount(month.total)),
      h("text", { x: middle, y: HEIGHT - 6, "text-anchor": "middle" }, month.label),
    );
  });
  return h(
    "svg",
    { class: "month-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    h("line", { x1: 0, x2: WIDTH, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT, class: "axis" }),
    columns,
  );
}

/** Names of the series beside their colours. */
export function legend(names) {
  const swatch = (series) =>
    h(
      "svg",
      { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true", focusable: "false" },
      h("rect", { class: `series-${series}`, width: 10, height: 10 }),
    );
  return h("ul", { class: "legend" }, names.map((name, place) => h("li", {}, swatch(place + 1), name)));
}
