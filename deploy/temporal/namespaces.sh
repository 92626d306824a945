#!/bin/sh
# Makes the namespaces that are named, unless they are there. The search
# attributes are registered by each worker as it starts.
set -eu

for namespace in "$@"; do
    if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
        continue
    fi
    # Workflows are kept for 30 days, as long as a late answer may be of interest.
    temporal operator namespace create --namespace "$namespace" --retention 720h
done
