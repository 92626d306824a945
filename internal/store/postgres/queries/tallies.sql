-- name: AddTallies :exec
INSERT INTO tally_deltas (at, detection, measure, bucket, count)
SELECT unnest(sqlc.arg(times)::timestamptz[]), unnest(sqlc.arg(detections)::text[]), unnest(sqlc.arg(measures)::text[]),
    unnest(sqlc.arg(buckets)::integer[]), unnest(sqlc.arg(counts)::integer[]);

-- name: FoldTallies :one
-- Each delta is deleted by the one who adds it up.
WITH moved AS (
    DELETE FROM tally_deltas WHERE position IN (
        SELECT d.position FROM tally_deltas d ORDER BY d.position LIMIT sqlc.arg(count)::bigint
    )
    RETURNING tally_deltas.at, tally_deltas.detection, tally_deltas.measure, tally_deltas.bucket, tally_deltas.count
), spans AS (
    SELECT 'hour' AS span UNION ALL SELECT 'day'
), summed AS (
    INSERT INTO tallies AS known (span, at, detection, measure, bucket, count)
    SELECT spans.span, date_trunc(spans.span, moved.at, 'UTC') AS begins, moved.detection, moved.measure, moved.bucket,
        sum(moved.count)
    FROM moved CROSS JOIN spans
    GROUP BY spans.span, begins, moved.detection, moved.measure, moved.bucket
    ON CONFLICT (span, at, detection, measure, bucket) DO UPDATE SET count = known.count + excluded.count
)
SELECT count(*) FROM moved;

-- name: Tallies :many
-- What was not folded yet counts too.
SELECT begins::timestamptz AS begins, detection, measure, bucket, sum(count)::bigint AS count
FROM (
    SELECT t.at AS begins, t.detection, t.measure, t.bucket, t.count
    FROM tallies t
    WHERE t.span = sqlc.arg(span) AND t.at >= sqlc.arg(since) AND t.at < sqlc.arg(until)
      AND t.detection = sqlc.arg(detection) AND t.measure = ANY(sqlc.arg(measures)::text[])
    UNION ALL
    SELECT date_trunc(sqlc.arg(span), d.at, 'UTC'), d.detection, d.measure, d.bucket, d.count
    FROM tally_deltas d
    WHERE d.at >= sqlc.arg(since) AND date_trunc(sqlc.arg(span), d.at, 'UTC') >= sqlc.arg(since)
      AND date_trunc(sqlc.arg(span), d.at, 'UTC') < sqlc.arg(until)
      AND d.detection = sqlc.arg(detection) AND d.measure = ANY(sqlc.arg(measures)::text[])
) AS counted
GROUP BY begins, detection, measure, bucket
ORDER BY begins, detection, measure, bucket;

-- name: TalliesByDetection :many
SELECT detection, measure, bucket, sum(count)::bigint AS count
FROM (
    SELECT t.detection, t.measure, t.bucket, t.count
    FROM tallies t
    WHERE t.span = sqlc.arg(span) AND t.at >= sqlc.arg(since) AND t.at < sqlc.arg(until)
      AND t.detection <> '' AND t.measure = ANY(sqlc.arg(measures)::text[])
    UNION ALL
    SELECT d.detection, d.measure, d.bucket, d.count
    FROM tally_deltas d
    WHERE d.at >= sqlc.arg(since) AND date_trunc(sqlc.arg(span), d.at, 'UTC') >= sqlc.arg(since)
      AND date_trunc(sqlc.arg(span), d.at, 'UTC') < sqlc.arg(until)
      AND d.detection <> '' AND d.measure = ANY(sqlc.arg(measures)::text[])
) AS counted
GROUP BY detection, measure, bucket
ORDER BY detection, measure, bucket;

-- name: DropTallies :exec
DELETE FROM tallies WHERE span = $1 AND at < $2;
