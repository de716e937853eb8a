#ifndef SEMBLANCE_CLMDB_SHIM_H
#define SEMBLANCE_CLMDB_SHIM_H

#include <lmdb.h>

#endif
