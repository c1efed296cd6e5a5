"""The made-up business of the local platform: a clinic in Bengaluru with three agents."""

from __future__ import annotations

from local.demo_business.agents import AGENTS, ROUTING_RULES
from local.demo_business.documents import DOCUMENTS, DemoDocument
from local.demo_business.knowledge import KNOWLEDGE, KnowledgePassage

__all__ = ["AGENTS", "DOCUMENTS", "KNOWLEDGE", "ROUTING_RULES", "DemoDocument", "KnowledgePassage"]
