// GeNN 4.9 calls cuCtxCreate with three arguments; CUDA 13 changed its signature.
#include <cuda.h>
#undef cuCtxCreate
extern "C" CUresult CUDAAPI cuCtxCreate_v2(CUcontext *pctx, unsigned int flags, CUdevice dev);
#define cuCtxCreate cuCtxCreate_v2
