"""What axe, the usual judge of accessibility, says about a page."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from playwright.async_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (tags) => {
  const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], preload: false };
  const { violations } = await axe.run(document, options);
  const places = (nodes) => nodes.map((node) => node.target.join(" "));
  return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, where: places(nodes) }));
}"""


async def problems_of(page: Page, *, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
    """Each serious or critical problem of the page as it is shown now, in one line."""
    # Evaluated by the browser's tools, so that the page's policy need not let it in.
    await page.evaluate(AXE)
    violations: list[dict[str, Any]] = await page.evaluate(_RUN, RULES)
    return [
        f"{found['impact']}: {found['id']}: {found['help']} at {', '.join(found['where'])}"
        for found in violations
        if found["impact"] in impacts
    ]
