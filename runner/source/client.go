package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	connectTime = 30 * time.Second
	answerTime  = time.Minute
	silence     = time.Minute // how long a server may send nothing
	redirects   = 10
	parallel    = 4 // ranges or files at a time
)

// client makes the client of a Fetcher. It compresses nothing, so that lengths
// and ranges mean the bytes of the file.
func (f *Fetcher) client() *http.Client {
	dialer := &net.Dialer{Timeout: connectTime}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTime,
		ResponseHeaderTimeout: answerTime, DisableCompression: true, MaxIdleConnsPerHost: 2 * parallel, IdleConnTimeout: answerTime,
	}
	if f.Public {
		dialer.Control, t.Proxy = refusePrivate, nil
	}
	return &http.Client{Transport: t, CheckRedirect: checkRedirect}
}

// checkRedirect lets a server send us on by its own scheme or to https.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL.Scheme
	if to := req.URL.Scheme; to != from && to != "https" {
		return final(fmt.Errorf("it is redirected from %s:// to %s://", from, to), "name the address that it leads to, if that is meant")
	}
	if len(via) > redirects {
		return final(fmt.Errorf("it is redirected more than %d times", redirects), "the server sends its visitors round in circles; correct the address")
	}
	return nil
}

// errPrivate is an address of this machine or its own network.
var errPrivate = errors.New("it leads to an address that is not public")

// refusePrivate lets connections go to public addresses alone: what a stranger
// names must not make this machine ask its neighbours.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || sharedSpace.Contains(ip) {
		return final(errPrivate, "")
	}
	return nil
}

// sharedSpace is that of carriers' address translation, RFC 6598.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// watched ends a request when its server is silent for too long.
type watched struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

var errSilent = fmt.Errorf("the server has sent nothing for %v", silence)

func watch(ctx context.Context) (context.Context, *watched) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watched{cancel: cancel}
	w.timer = time.AfterFunc(connectTime+answerTime, func() { cancel(errSilent) })
	return ctx, w
}

func (w *watched) heard() { w.timer.Reset(silence) }

func (w *watched) stop() {
	w.timer.Stop()
	w.cancel(nil)
}
