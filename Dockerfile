# The image of `securitybot`: one static program, no shell, nobody's privileges.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/securitybot ./cmd/securitybot \
    && install -d -m 0700 /out/data

FROM scratch AS securitybot
# The authorities that Slack's and Duo's certificates come from, and the time zones people live in.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/securitybot /usr/local/bin/
ENV ZONEINFO=/zoneinfo.zip SECURITYBOT_DATA=/data
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/securitybot"]
CMD ["help"]
