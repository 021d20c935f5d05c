#!/usr/bin/env bash
# Asks the registries' advisories about everything that is locked, and writes what it is made
# of. Apart from `make check`, because its answer changes without a change of ours and it needs
# the internet. Exits 1 where an advisory names a package of ours, 2 where nobody could say.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
out=var/audit
tools=$out/venv
mkdir -p "$out"
if [ ! -x "$tools/bin/pip-audit" ] || [ ! -x "$tools/bin/cyclonedx-py" ]; then
    echo "Installing pip-audit and cyclonedx-bom into $tools."
    .venv/bin/python -m venv "$tools" &&
        "$tools/bin/pip" install -qq --disable-pip-version-check pip-audit cyclonedx-bom || exit 2
fi

found=0
unknown=0
echo "== Python: advisories (requirements.lock)"
"$tools/bin/pip-audit" --requirement requirements.lock --disable-pip --no-deps \
    --format json --output "$out/pip-audit.json" --progress-spinner off 2>"$out/pip-audit.log"
.venv/bin/python - "$out/pip-audit.json" <<'PYTHON'
import json, sys

try:
    packages = json.load(open(sys.argv[1]))["dependencies"]
except (OSError, ValueError, KeyError):
    print("   nobody answered: see var/audit/pip-audit.log")
    sys.exit(2)
bad = [p for p in packages if p.get("vulns")]
skipped = [p for p in packages if "skip_reason" in p]
for package in bad:
    for advisory in package["vulns"]:
        fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
        print(f"   {package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}")
print(f"   {len(packages)} packages: {len(bad)} with advisories, {len(skipped)} nobody could tell of")
sys.exit(1 if bad else 2 if skipped else 0)
PYTHON
case $? in 0) ;; 1) found=1 ;; *) unknown=1 ;; esac

echo "== npm: advisories (what the desk ships)"
npm audit --omit=dev --json --prefix web/ui >"$out/npm-audit.json" 2>"$out/npm-audit.log"
node -e '
  let told;
  try { told = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")); } catch { told = {}; }
  const counts = told.metadata?.vulnerabilities;
  if (!counts) { console.log("   nobody answered: see var/audit/npm-audit.log"); process.exit(2); }
  console.log(`   ${counts.total} advisories: ${JSON.stringify(counts)}`);
  process.exit(counts.total ? 1 : 0);
' "$out/npm-audit.json"
case $? in 0) ;; 1) found=1 ;; *) unknown=1 ;; esac

echo "== What it is made of (CycloneDX)"
"$tools/bin/cyclonedx-py" requirements requirements.lock --output-file "$out/python.cdx.json" 2>/dev/null &&
    echo "   $out/python.cdx.json" || unknown=1
(cd web/ui && npm sbom --omit=dev --sbom-format cyclonedx) >"$out/npm.cdx.json" 2>/dev/null &&
    echo "   $out/npm.cdx.json" || unknown=1

[ "$found" = 0 ] || { echo "== FAILED: an advisory names a package of ours"; exit 1; }
[ "$unknown" = 0 ] || { echo "== Not all could be asked: that is no clean bill"; exit 2; }
echo "== nothing known"
