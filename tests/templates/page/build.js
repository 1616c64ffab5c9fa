// What the page is built with comes from a package: only an installation can have brought it.
import { mkdirSync, writeFileSync } from "node:fs";

import ms from "ms";

mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", `<title>numbers</title><p>every ${ms(60000)}</p>\n`);
