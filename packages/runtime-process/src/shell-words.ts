/**
 * First words that only a shell can give their meaning: the reserved words and builtins of POSIX (XCU 2.4, 2.14),
 * dash and bash. Many builtins also exist as programs (`echo`, `kill`), but not with the same behaviour.
 */
export const shellWords: ReadonlySet<string> = new Set(
  `! . : [ [[ ]] { } alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc
  declare dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash
  help history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set
  shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset until wait
  while`.split(/\s+/),
);
