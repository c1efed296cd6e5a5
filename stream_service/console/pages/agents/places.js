// Where the views of this page are. An id behind a view carries an @, so that none is taken for the word "new".

const VIEWS = ["agents", "rules", "test", "tools", "call-backs", "links", "new"];

/** The address of an agent, or of a part of it; an agent may be called like a view. */
export function agentPath(id, part) {
  const name = VIEWS.includes(id) ? `@${id}` : id;
  return `#/agents/${name}${part ? `/${part}` : ""}`;
}

/** The id of the agent that a part of an address names. */
export function agentIn(name) {
  return name.startsWith("@") ? name.slice(1) : name;
}

/** The address of a routing rule. */
export function rulePath(id) {
  return `#/agents/rules/@${id}`;
}

/** The address of a tool. */
export function toolPath(id) {
  return `#/agents/tools/@${id}`;
}
