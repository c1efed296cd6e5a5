// Lists that come in pages.

const MOST_PAGES = 20;

/** All items of a list, page after page. */
export async function readAll(api, path, query = {}) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await api.get(path, { ...query, cursor });
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null) {
      break;
    }
  }
  return items;
}
