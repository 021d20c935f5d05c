// What a page holds on to, after a collection of what it does not: heap, nodes that are in no
// document, listeners, and what it keeps in IndexedDB.

export async function watchMemory(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');

  async function detachedNodes() {
    const { result } = await devtools.send('Runtime.evaluate', { expression: 'Node.prototype' });
    const { objects } = await devtools.send('Runtime.queryObjects', {
      prototypeObjectId: result.objectId,
      objectGroup: 'memory',
    });
    const counted = await devtools.send('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: String(countDetached),
      returnByValue: true,
    });
    await devtools.send('Runtime.releaseObjectGroup', { objectGroup: 'memory' });
    await devtools.send('Runtime.releaseObject', { objectId: result.objectId });
    return counted.result.value;
  }

  return async () => {
    for (let round = 0; round < 3; round += 1) {
      await devtools.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(100); // what waits for a collection, as a FinalizationRegistry
    }
    const detached = await detachedNodes();
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const of = (name) => metrics.find((one) => one.name === name).value;
    const kept = await page.evaluate(async () => (await navigator.storage.estimate()).usageDetails?.indexedDB ?? 0);
    return {
      heap_mb: Number((of('JSHeapUsedSize') / 2 ** 20).toFixed(2)),
      nodes: of('Nodes'),
      listeners: of('JSEventListeners'),
      detached,
      kept_bytes: kept,
    };
  };
}

/** Runs in the page, with everything that has Node.prototype behind it: prototypes, too. */
function countDetached() {
  let count = 0;
  for (const node of this) {
    try {
      if (!node.isConnected) count += 1;
    } catch {
      // A prototype, which is no node.
    }
  }
  return count;
}
