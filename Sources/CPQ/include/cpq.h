// libpq, opened by dlopen(3) when it is first needed: most services keep nothing in PostgreSQL, and
// are not to load it, nor OpenSSL, Kerberos and LDAP, which come with it.
#include <postgresql/libpq-fe.h>

// Opens the library, once. To be called before any other function of it. Returns NULL, or why it
// cannot be had, as dlerror(3) says it.
const char *open_libpq(void);
