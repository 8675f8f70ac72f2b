#!/usr/bin/env bash
# Looks up what the service runs on in the npm registry's list of known vulnerabilities. Exits 1 on a finding of severity
# high or above, 2 when the registry does not answer the question, as many mirrors do not.
set -uo pipefail
cd "$(dirname "$0")/.."

report=$(npm audit --omit=dev --json 2>/dev/null)
node -e '
  const { metadata, error, message } = JSON.parse(process.argv[1] || "{}");
  if (!metadata?.vulnerabilities) {
    console.error(`NOT audited: the registry gave no answer (${error?.summary || message || "no connection"}).`);
    process.exit(2);
  }
  const { total, high, critical } = metadata.vulnerabilities;
  console.log(`audited ${metadata.dependencies.prod} packages: ${total} known vulnerabilities, ${high} high, ${critical} critical`);
  if (high + critical > 0) console.error("details: npm audit --omit=dev");
  process.exit(high + critical > 0 ? 1 : 0);
' "$report"
