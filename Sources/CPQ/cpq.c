#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

// The functions here have the names of libpq's own. Nobody but this program is to see them.
#pragma GCC visibility push(hidden)
#include "cpq.h"

// All that this program calls: type, name, parameters, arguments.
#define FUNCTIONS(F)                                                                               \
  F(PGconn *, PQconnectdbParams,                                                                   \
    (const char *const *keywords, const char *const *values, int expand_dbname),                   \
    (keywords, values, expand_dbname))                                                             \
  F(char *, PQerrorMessage, (const PGconn *conn), (conn))                                           \
  F(ConnStatusType, PQstatus, (const PGconn *conn), (conn))                                        \
  F(void, PQfinish, (PGconn * conn), (conn))                                                       \
  F(PQnoticeProcessor, PQsetNoticeProcessor,                                                       \
    (PGconn * conn, PQnoticeProcessor proc, void *arg), (conn, proc, arg))                         \
  F(int, PQsetnonblocking, (PGconn * conn, int arg), (conn, arg))                                  \
  F(int, PQsendPrepare,                                                                            \
    (PGconn * conn, const char *stmtName, const char *query, int nParams, const Oid *paramTypes),  \
    (conn, stmtName, query, nParams, paramTypes))                                                  \
  F(int, PQsendQueryPrepared,                                                                      \
    (PGconn * conn, const char *stmtName, int nParams, const char *const *paramValues,             \
     const int *paramLengths, const int *paramFormats, int resultFormat),                          \
    (conn, stmtName, nParams, paramValues, paramLengths, paramFormats, resultFormat))              \
  F(int, PQflush, (PGconn * conn), (conn))                                                         \
  F(int, PQsocket, (const PGconn *conn), (conn))                                                   \
  F(int, PQconsumeInput, (PGconn * conn), (conn))                                                  \
  F(int, PQisBusy, (PGconn * conn), (conn))                                                        \
  F(PGresult *, PQgetResult, (PGconn * conn), (conn))                                              \
  F(ExecStatusType, PQresultStatus, (const PGresult *res), (res))                                  \
  F(char *, PQresultErrorField, (const PGresult *res, int fieldcode), (res, fieldcode))            \
  F(int, PQntuples, (const PGresult *res), (res))                                                  \
  F(int, PQnfields, (const PGresult *res), (res))                                                  \
  F(int, PQgetisnull, (const PGresult *res, int tup_num, int field_num), (res, tup_num, field_num)) \
  F(char *, PQgetvalue, (const PGresult *res, int tup_num, int field_num), (res, tup_num, field_num)) \
  F(int, PQgetlength, (const PGresult *res, int tup_num, int field_num), (res, tup_num, field_num)) \
  F(char *, PQcmdStatus, (PGresult * res), (res))                                                  \
  F(char *, PQcmdTuples, (PGresult * res), (res))                                                  \
  F(PGTransactionStatusType, PQtransactionStatus, (const PGconn *conn), (conn))                    \
  F(void, PQclear, (PGresult * res), (res))

#define POINTER(type, name, parameters, arguments) static type(*libpq_##name) parameters;
FUNCTIONS(POINTER)

#define CALL(type, name, parameters, arguments)                                                    \
  type name parameters { return libpq_##name arguments; }
FUNCTIONS(CALL)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char fault[512];

static void *found(void *library, const char *name) {
  void *function = dlsym(library, name);
  if (!function) snprintf(fault, sizeof fault, "it has no function %s", name);
  return function;
}

static void open_library(void) {
  void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(fault, sizeof fault, "%s", dlerror());
    return;
  }
#define FIND(type, name, parameters, arguments)                                                    \
  libpq_##name = (type(*) parameters)found(library, #name);
  FUNCTIONS(FIND)
}

const char *open_libpq(void) {
  pthread_once(&once, open_library);
  return fault[0] ? fault : NULL;
}
