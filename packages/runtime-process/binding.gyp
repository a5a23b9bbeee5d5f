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
        "native/addon.c", "native/process-table.c", "native/capture.c",
        "native/starter.c", "native/user-switch.c", "native/spawn.c", "native/exec-search.c"
      ]
    },
    {
      "target_name": "aurae-exec",
      "type": "executable",
      "sources": ["native/aurae-exec.c", "native/exec-search.c"]
    }
  ]
}
