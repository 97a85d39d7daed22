#!/usr/bin/env bash
# A day's work: tidy up, swap an offer, correct prices, and keep a copy of everything.
set -euo pipefail
funnelflux auth status -o json --jq .base_url
funnelflux export morning
funnelflux offer-sources list --status archived -q > dead.txt
funnelflux offer-sources where-used --ids-from dead.txt -o csv > still-used.csv
funnelflux offer-sources unarchive --ids-from dead.txt --yes --report restored.csv
funnelflux offer-sources replace 'ClickBank US 1' 'ClickBank US 2' --out swap.json
funnelflux apply swap.json --yes
funnelflux offer-sources list -o csv --all-fields --filter 'name~Awin' > awin.csv
sed -i 's/,payout,/,amount,/' awin.csv
funnelflux offer-sources import awin.csv --yes
copy=$(funnelflux funnels duplicate 'Keto Facebook 1 #1' --name 'Keto test' --yes)
funnelflux funnels set "$copy" --set funnelName='Keto test A' --yes
funnelflux funnels get "$copy" --jq .funnelName
funnelflux compare morning > changes.txt || test $? = 6
funnelflux plan morning --out back.json --exit-code > /dev/null || test $? = 6
funnelflux apply back.json --yes
funnelflux compare morning > changes.txt || test $? = 6
