#include <unistd.h>

/* Forks for ever, in every child too; says "full" where the kernel refuses. */
int main(void) {
  int said = 0;
  for (;;) {
    if (fork() >= 0 || said) continue;
    said = 1;
    if (write(STDOUT_FILENO, "full\n", 5) != 5) return 1;
  }
}
