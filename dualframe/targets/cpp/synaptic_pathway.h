// The spikes that travel along the synapses of one pathway, kept as runs of synapses.
//
// The synapses of a source are numbered one after the other, so that a spike is one pair of numbers
// where all of them have one delay, and the loop over them reads their weights and targets in the
// order of memory. Brian2's queue, which this replaces, holds the number of every synapse that a
// spike reaches. Both deliver in the same order: by the time at which the spike left, then by
// source, then by synapse. Where synapses are not numbered by source, `order` says which is where.
#ifndef DUALFRAME_SYNAPTIC_PATHWAY_H
#define DUALFRAME_SYNAPTIC_PATHWAY_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <vector>
#include "values.h"

using namespace std;  // which Brian2's templates take from the header that this one replaces

namespace dualframe {

// Places from the first to before the last.
struct Run
{
    int32_t first, last;
};

}  // namespace dualframe

class SynapticPathway
{
    struct DelayedRun
    {
        dualframe::Run run;
        int32_t delay;  // steps
    };

    const int32_t first_source, n_sources;
    std::vector<int32_t> places;         // places[k] is the synapse at place k; empty: k itself
    std::vector<int32_t> first_run;      // of every source, and one past the last
    std::vector<DelayedRun> runs;        // by source, then by place
    std::vector<std::vector<dualframe::Run> > slots;  // a ring, by step of arrival
    std::vector<int> listed;
    size_t now;
    bool prepared;

    // Count how many synapses each source has, and from that where its own begin.
    std::vector<int32_t> first_places() const
    {
        std::vector<int32_t> first(n_sources + 1, 0);
        for (size_t k = 0; k < sources.size(); k++)
            first[sources[k] - first_source + 1]++;
        for (int32_t source = 0; source < n_sources; source++)
            first[source + 1] += first[source];
        return first;
    }

    void order_by_source(std::vector<int32_t> next)
    {
        bool ordered = true;
        for (size_t k = 1; k < sources.size() && ordered; k++)
            ordered = sources[k - 1] <= sources[k];
        if (ordered)
            return;
        places.resize(sources.size());
        for (size_t k = 0; k < sources.size(); k++)
            places[next[sources[k] - first_source]++] = static_cast<int32_t>(k);
    }

    template <typename scalar>
    int32_t steps_of(const scalar *delays, int n_delays, int32_t place, double dt) const
    {
        const int32_t synapse = places.empty() ? place : places[place];
        return static_cast<int32_t>(delays[n_delays > 1 ? synapse : 0] / dt + 0.5);
    }

public:
    std::vector<int> &sources;  // of every synapse; for a pathway of postsynaptic spikes its target

    SynapticPathway(std::vector<int> &_sources, int start, int stop)
        : first_source(start), n_sources(stop - start), slots(1), now(0), prepared(false),
          sources(_sources)
    {
    }

    template <typename scalar>
    void prepare(int, int, const scalar *delays, int n_delays, const int *, int, double dt)
    {
        if (prepared)
            dualframe::fail("the synapses of a program are prepared once");
        prepared = true;
        const std::vector<int32_t> first = first_places();
        order_by_source(first);
        first_run.assign(1, 0);
        size_t most = 0;
        for (int32_t source = 0; source < n_sources; source++) {
            for (int32_t place = first[source]; place < first[source + 1]; place++) {
                const int32_t delay = steps_of(delays, n_delays, place, dt);
                if (place == first[source] || delay != runs.back().delay) {
                    const DelayedRun run = {{place, place}, delay};
                    runs.push_back(run);
                }
                runs.back().run.last = place + 1;
                most = most < static_cast<size_t>(delay) ? delay : most;
            }
            first_run.push_back(static_cast<int32_t>(runs.size()));
        }
        slots.resize(most + 1);
    }

    // Begin the next step.
    void advance()
    {
        slots[now].clear();
        now = now + 1 == slots.size() ? 0 : now + 1;
    }

    // Send the spikes of sources, which are in ascending order.
    void push(const int32_t *spikes, int n_spikes)
    {
        for (int k = 0; k < n_spikes; k++) {
            const int32_t source = spikes[k] - first_source;
            if (source < 0 || source >= n_sources)
                continue;
            for (int32_t r = first_run[source]; r < first_run[source + 1]; r++) {
                const size_t slot = now + runs[r].delay;
                slots[slot < slots.size() ? slot : slot - slots.size()].push_back(runs[r].run);
            }
        }
    }

    // What arrives in this step: runs of places.
    const std::vector<dualframe::Run> &due() const { return slots[now]; }

    // The synapses at the places, or null where they are the places themselves.
    const int32_t *order() const { return places.empty() ? 0 : &places[0]; }

    // The synapses that spikes reach in this step, one by one.
    std::vector<int> *peek()
    {
        listed.clear();
        for (size_t r = 0; r < due().size(); r++)
            for (int32_t place = due()[r].first; place < due()[r].last; place++)
                listed.push_back(places.empty() ? place : places[place]);
        return &listed;
    }
};

#endif
