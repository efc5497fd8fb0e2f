// Gives pods that name caches their read-only mounts, as a webhook on controller-runtime usually does it: the
// pod is decoded into its type, changed, and compared as a whole: controller-runtime CERTIFICATE_FOLDER [ANNOTATION].
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	injected = "modelplane.ai/injected"
	consumer = "modelplane.ai/cache-consumer"
	digest   = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// caches is the annotation with the name of a cache.
var caches = "modelplane.ai/caches"

type cache struct {
	claim, path, subPath string
}

type injector struct {
	decoder admission.Decoder
	ready   map[string]cache
}

func (i *injector) Handle(_ context.Context, request admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := i.decoder.Decode(request, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	name, asks := pod.Annotations[caches]
	if !asks {
		return admission.Allowed("")
	}
	found, isReady := i.ready[request.Namespace+"/"+name]
	if !isReady {
		return admission.Denied(fmt.Sprintf("cache %q is not Ready", name))
	}
	pod.Annotations[injected] = name + "=" + digest
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels[consumer] = "true"
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
		Name: "cache-" + name,
		VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: found.claim, ReadOnly: true},
		},
	})
	for index := range pod.Spec.Containers {
		container := &pod.Spec.Containers[index]
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{
			Name: "cache-" + name, MountPath: found.path, SubPath: found.subPath, ReadOnly: true,
		})
	}
	changed, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, changed)
}

func main() {
	ctrllog.SetLogger(logr.Discard())
	folder := os.Args[1]
	claims := "modelcache--"
	if len(os.Args) > 2 {
		// A policy of ModelCache guards its own claims.
		caches, claims = os.Args[2], "bench--"
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
	if err != nil {
		log.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		log.Fatal(err)
	}
	ready := map[string]cache{}
	for index := range 1000 {
		namespace, name := fmt.Sprintf("team-%d", index%100), "llama-3-3-70b"
		if number := index / 100; number > 0 {
			name = fmt.Sprintf("%s-%d", name, number)
		}
		ready[namespace+"/"+name] = cache{claims + name, "/mnt/model", "snapshots/" + digest}
	}
	hook := &admission.Webhook{Handler: &injector{admission.NewDecoder(scheme), ready}}
	handler, err := admission.StandaloneWebhook(hook, admission.StandaloneOptions{MetricsPath: "/mutate-pods"})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/mutate-pods", handler)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("ready %d\n", listener.Addr().(*net.TCPAddr).Port)
	// Without HTTP/2, as API servers call webhooks behind a Service.
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
	log.Fatal(http.Serve(tls.NewListener(listener, config), mux))
}
