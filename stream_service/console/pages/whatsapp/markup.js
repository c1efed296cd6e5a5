// The few marks that WhatsApp shows as form: *bold*, _italic_, ~struck~, `code`, and addresses as links. No DOM.

const MARKS = { "*": "bold", _: "italic", "~": "strike", "`": "code" };
/** A mark counts only around words, not within them: 2*3*4 and snake_case stay as they are. */
const PIECE = /(?<![\p{L}\p{N}])([*_~`])(?!\s)([^\n]+?)(?<!\s)\1(?![\p{L}\p{N}])|https?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]]/gu;

/** The text as pieces in order: `{kind, text}`, kind one of `text`, `bold`, `italic`, `strike`, `code`, `link`. */
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(PIECE)) {
    const [whole, mark, inside] = match;
    found.push({ kind: "text", text: text.slice(end, match.index) });
    found.push(mark ? { kind: MARKS[mark], text: inside } : { kind: "link", text: whole });
    end = match.index + whole.length;
  }
  found.push({ kind: "text", text: text.slice(end) });
  return found.filter((piece) => piece.text);
}

/** The text without its marks. */
export function bare(text) {
  return pieces(text ?? "")
    .map((piece) => piece.text)
    .join("");
}
