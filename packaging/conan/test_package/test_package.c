/* Whether the library that is linked is the one that was packaged. */
#include <stdio.h>
#include <string.h>
#include <trro.h>

int main(void)
{
    puts(trro_version());
    return strcmp(trro_version(), "@VERSION@") != 0;
}
