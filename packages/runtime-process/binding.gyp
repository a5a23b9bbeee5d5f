{
  "target_defaults": {
    "defines": ["NAPI_VERSION=8"],
    "cflags": [
      "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror",
      "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"
    ],
    "ldflags": ["-Wl,-z,relro", "-Wl,-z,now"]
  },
  "targets": [
    {
      "target_name": "spawn",
      # Node unloads an addon with the last worker that used it; the starter's thread needs its code longer.
      "ldflags": ["-Wl,-z,nodelete"],
      "sources": [
        "native/addon.c", "native/addon-spawn.c", "native/addon-process.c", "native/addon-descriptors.c",
        "native/addon-values.c", "native/addon-locked-file.c", "native/locked-file.c", "native/process-table.c", "native/process-start.c", "native/process-end.c",
        "native/readiness.c", "native/descriptors.c", "native/capture.c", "native/starter.c",
        "native/user-switch.c", "native/spawn.c", "native/exec-search.c"
      ]
    },
    {
      "target_name": "aurae-exec",
      "type": "executable",
      "sources": ["native/aurae-exec.c", "native/exec-search.c"]
    },
    {
      "target_name": "aurae-shim",
      "type": "executable",
      "ldflags": ["<!(sh native/static-if-possible.sh)"],
      "sources": [
        "native/shim/cgroup-remove.c", "native/shim/cgroup.c", "native/shim/child-list.c", "native/shim/client-frames.c",
        "native/shim/clients.c", "native/shim/control-socket.c", "native/shim/event-loop.c", "native/shim/failure.c",
        "native/shim/files.c", "native/shim/fork-into.c", "native/shim/frames.c", "native/shim/input.c", "native/shim/launcher.c",
        "native/shim/lifetime.c", "native/shim/log-segments.c", "native/shim/log-writer.c", "native/shim/main.c",
        "native/shim/outbox.c", "native/shim/output.c", "native/shim/process-stat.c", "native/shim/process-tree.c",
        "native/shim/settings-values.c", "native/shim/settings.c", "native/shim/signals.c", "native/shim/start.c",
        "native/shim/status-files.c", "native/shim/stop-ladder.c", "native/shim/string-list.c", "native/shim/terminal.c",
        "native/shim/workload-child.c", "native/shim/workload.c", "native/exec-search.c", "native/user-switch.c"
      ]
    }
  ]
}
