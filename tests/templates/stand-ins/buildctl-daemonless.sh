#!/bin/sh
# Stands for BuildKit: keeps how it was called, and what it would log in with.
printf '%s\n' "$@" > "$RECORD/buildkit-$BUILD_ARCH"
cp "$DOCKER_CONFIG/config.json" "$RECORD/config.json"
printf '%s\n' "$DOCKER_CONFIG" > "$RECORD/config-folder"
