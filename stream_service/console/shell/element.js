// Builds the page. Text only ever becomes text: nothing here, or anywhere in the console, parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const SVG_NAMES = new Set(["svg", "path", "rect", "line", "circle", "g", "text", "title", "polyline"]);

/**
 * An element with properties and children.
 *
 * `onClick` and the like listen; `class`, `data-…`, `aria-…` and all others become attributes; `value`, `checked`,
 * `disabled`, `selected`, `hidden` and `open` are set as properties. `null`, `undefined` and `false` set nothing.
 * Children are nodes, texts, numbers, lists of them, or nothing.
 */
export function h(name, properties = {}, ...children) {
  const made = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (value !== null && value !== undefined && value !== false) {
      setProperty(made, property, value);
    }
  }
  made.append(...children.flat(Infinity).filter(isSomething).map(asNode));
  return made;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "open", "indeterminate"]);

function setProperty(made, property, value) {
  if (property.startsWith("on")) {
    made.addEventListener(property.slice(2).toLowerCase(), value);
  } else if (PROPERTIES.has(property)) {
    made[property] = value;
  } else {
    made.setAttribute(property, value === true ? "" : String(value));
  }
}

function isSomething(child) {
  return child !== null && child !== undefined && child !== false;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** An element of the page by its id; the frame's few are always there. */
export function element(id) {
  return document.getElementById(id);
}

let counter = 0;

/** An id that no other element has. */
export function newId(prefix = "id") {
  counter += 1;
  return `${prefix}-${counter}`;
}

const ICONS = {
  phone: "M5 4h3.500l1.500 4-2 1.500a12 12 0 0 0 6.500 6.500l1.500-2 4 1.500V19a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z",
  chat: "M4 5h16v11H9l-5 4z",
  live: "M4 12h3l2-6 4 13 3-9 1.500 2H21",
  history: "M12 7v5l3.500 2M3.500 12a8.500 8.500 0 1 0 2.600-6.100M3.500 4v4h4",
  agents: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20a7.500 7.500 0 0 1 15 0",
  costs: "M5 20V11M12 20V5M19 20v-6",
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 4v12M6.500 11l5.500 5.500 5.500-5.500M5 20h14",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500L20 20",
  warning: "M12 4l9 16H3zM12 10v4.500M12 17.200v.1",
  menu: "M4 7h16M4 12h16M4 17h16",
  back: "M14.500 5.500L8 12l6.500 6.500",
  add: "M12 5v14M5 12h14",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600L7 7M17 17l1.400 1.400M5.600 18.400L7 17M17 7l1.400-1.400",
  moon: "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
};

/** A picture that repeats what the text beside it says, so that it is hidden from screen readers. */
export function icon(name) {
  return h(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    h("path", { d: ICONS[name] }),
  );
}
