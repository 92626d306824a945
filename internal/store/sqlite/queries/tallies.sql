-- name: AddTally :exec
INSERT INTO tally_deltas (at, detection, measure, bucket, count) VALUES (?, ?, ?, ?, ?);

-- name: SumTallies :exec
-- The length of the span is in microseconds.
INSERT INTO tallies (span, at, detection, measure, bucket, count)
SELECT sqlc.arg(span), tally_deltas.at - tally_deltas.at % sqlc.arg(length), tally_deltas.detection,
    tally_deltas.measure, tally_deltas.bucket, sum(tally_deltas.count)
FROM tally_deltas
WHERE tally_deltas.position IN (SELECT d.position FROM tally_deltas d ORDER BY d.position LIMIT sqlc.arg(count))
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (span, at, detection, measure, bucket) DO UPDATE SET count = tallies.count + excluded.count;

-- name: DropDeltas :execrows
DELETE FROM tally_deltas WHERE position IN (
    SELECT d.position FROM tally_deltas d ORDER BY d.position LIMIT sqlc.arg(count)
);

-- name: Tallies :many
-- What was not folded yet counts too.
SELECT CAST(begins AS INTEGER) AS begins, detection, measure, bucket, CAST(sum(count) AS INTEGER) AS count
FROM (
    SELECT t.at AS begins, t.detection, t.measure, t.bucket, t.count
    FROM tallies t
    WHERE t.span = sqlc.arg(span) AND t.at >= sqlc.arg(since) AND t.at < sqlc.arg(until)
      AND t.detection = sqlc.arg(detection)
    UNION ALL
    SELECT d.at - d.at % sqlc.arg(length), d.detection, d.measure, d.bucket, d.count
    FROM tally_deltas d
    WHERE d.at >= sqlc.arg(since) AND d.at - d.at % sqlc.arg(length) >= sqlc.arg(since)
      AND d.at - d.at % sqlc.arg(length) < sqlc.arg(until)
      AND d.detection = sqlc.arg(detection)
) AS counted
GROUP BY begins, detection, measure, bucket
ORDER BY begins, detection, measure, bucket;

-- name: TalliesByDetection :many
SELECT detection, measure, bucket, CAST(sum(count) AS INTEGER) AS count
FROM (
    SELECT t.detection, t.measure, t.bucket, t.count
    FROM tallies t
    WHERE t.span = sqlc.arg(span) AND t.at >= sqlc.arg(since) AND t.at < sqlc.arg(until)
      AND t.detection <> ''
    UNION ALL
    SELECT d.detection, d.measure, d.bucket, d.count
    FROM tally_deltas d
    WHERE d.at >= sqlc.arg(since) AND d.at - d.at % sqlc.arg(length) >= sqlc.arg(since)
      AND d.at - d.at % sqlc.arg(length) < sqlc.arg(until)
      AND d.detection <> ''
) AS counted
GROUP BY detection, measure, bucket
ORDER BY detection, measure, bucket;

-- name: DropTallies :exec
DELETE FROM tallies WHERE span = ? AND at < ?;
