#ifndef SEMBLANCE_COPENBLAS_SHIM_H
#define SEMBLANCE_COPENBLAS_SHIM_H

#include <cblas.h>

#endif
