"""Build hook: the package's addresses, and its README with links that also work away from the repository.

The release workflow sets PUBLISHED_FROM to the repository that it runs in (`https://HOST/OWNER/NAME`). Without it the
package has no addresses, and its README is as it stands.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class PublishedMetadata(MetadataHookInterface):
    """Fills in `urls` and `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both fields to the project's metadata, which has its version already."""
        readme = (Path(self.root) / "README.md").read_text()
        urls = {}
        if home := os.environ.get("PUBLISHED_FROM", "").rstrip("/"):
            files = f"{home}/blob/v{metadata['version']}"
            urls = {
                "Source": home,
                "Documentation": f"{files}/README.md",
                "Changelog": f"{files}/CHANGELOG.md",
                "Issues": f"{home}/issues",
            }
            readme = with_addresses(readme, files, pictures=f"{home}/raw/v{metadata['version']}")
        metadata["urls"] = urls
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}


def with_addresses(text: str, files: str, *, pictures: str) -> str:
    """Return Markdown whose relative links lead to `files`, and whose pictures are loaded from `pictures`."""
    text = re.sub(r"(!\[[^]]*\]\()(?!https?:|#)", rf"\g<1>{pictures}/", text)
    return re.sub(r"((?<!!)\[[^]]*\]\()(?!https?:|#)", rf"\g<1>{files}/", text)
