/* Makes one system call the way 32-bit programs do: getpid of the i386 table. Prints its result. */
#include <stdio.h>

int main(void) {
  int result = 20;
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  printf("%d\n", result);
  return 0;
}
